import { SearchField } from "@/parts/SearchField";
import { useRunSearch } from "./useRunSearch";

/** Finds within a tab; the address keeps what is looked for. */
export function FindField({ label }: { label: string }) {
  const [search, change] = useRunSearch();
  return (
    <div className="run-find">
      <SearchField
        label={label}
        value={search.find ?? ""}
        onChange={(find) => change({ find: find || undefined })}
      />
    </div>
  );
}

/** Whether any of the texts holds what is looked for, in any case. */
export const holds = (find: string | undefined, ...texts: string[]): boolean =>
  !find || texts.some((text) => text.toLowerCase().includes(find.toLowerCase()));
