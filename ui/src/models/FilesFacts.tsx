import { useQuery } from "@tanstack/react-query";
import { sizeText } from "@/artifacts/sizes";
import { exactTime } from "@/parts/times";
import { manifestOf, signaturesOf, standingOf } from "./queries";
import { SignatureChip } from "./VersionRow";

/** The digest that a version is held against, and who signed it. */
export function FilesFacts({ name, version }: { name: string; version: string }) {
  const manifest = useQuery(manifestOf(name, version));
  const signatures = useQuery(signaturesOf(name, version));
  const standing = useQuery(standingOf(name, version));
  if (!manifest.data) return null;
  const files = manifest.data.manifest?.files ?? [];
  const digest = manifest.data.digest;
  const bytes = files.reduce((sum, each) => sum + each.size_bytes, 0);
  const signed = signatures.data?.signatures ?? [];
  return (
    <section aria-label="Digest and signature">
      <h2>Digest and signature</h2>
      {digest ? (
        <>
          <p>
            {files.length} {files.length === 1 ? "file" : "files"}, {sizeText(bytes)}, held against{" "}
            <code className="digest">{digest}</code>
          </p>
          <p>
            {standing.data?.signer !== undefined && (
              <SignatureChip standing={standing.data} digest={digest} />
            )}{" "}
            <span className="soft">
              {standing.data?.signer !== undefined
                ? `A key of the model's policy proves the signature of ${standing.data.signer || "its owner"}.`
                : standing.data?.unproven && `No signature is proven: ${standing.data.unproven}.`}
            </span>
          </p>
        </>
      ) : (
        <p className="soft">
          None: the files lie where this registry doesn't read them, so nothing tells whether they changed.
        </p>
      )}
      {signed.length > 0 && (
        <table className="list facts-list">
          <thead>
            <tr>
              <th scope="col">Signature</th>
              <th scope="col">Signed</th>
              <th scope="col">Of</th>
            </tr>
          </thead>
          <tbody>
            {signed.map((each) => (
              <tr key={`${each.digest} ${each.created_ms} ${each.signer}`}>
                <td>
                  by{" "}
                  {each.method === "certificate"
                    ? `the certificate of ${each.signer}`
                    : `the key ${each.signer ?? ""}`}
                </td>
                <td className="soft">{exactTime(each.created_ms)}</td>
                <td className="soft">{each.digest === digest ? "the present files" : "earlier files"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
