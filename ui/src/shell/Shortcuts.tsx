import { Dialog } from "@/parts/Dialog";
import { useCommands } from "./commands";
import "./palette.css";

const EVERYWHERE: [keys: string, does: string][] = [
  ["Ctrl K", "Go to or do anything"],
  ["/", "Into the filter or the search of the page"],
  ["Esc", "Close what is open"],
];

/** Keys that work here, those of the shown view among them. */
export function Shortcuts({ onClose }: { onClose: () => void }) {
  const commands = useCommands().filter((each) => each.keys);
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="shortcuts">
        {[...EVERYWHERE, ...commands.map((each) => [each.keys ?? "", each.title] as const)].map(
          ([keys, does]) => (
            <div key={keys + does} className="shortcut">
              <dt>
                <kbd>{keys}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ),
        )}
      </dl>
      <div className="actions">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
