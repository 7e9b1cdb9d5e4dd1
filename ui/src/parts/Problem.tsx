import "./problem.css";

/** An error in the server's own words, with a way on. */
export function Problem({ error, retry }: { error: Error; retry?: () => void }) {
  return (
    <div className="problem" role="alert">
      <p>{error.message}</p>
      {retry && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}
