import "./facts.css";

/** Short facts by name; those without a value are left out. */
export function Facts({ facts }: { facts: [name: string, value: string | undefined][] }) {
  return (
    <dl className="facts">
      {facts.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt className="soft">{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
