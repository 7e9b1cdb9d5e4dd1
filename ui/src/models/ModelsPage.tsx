import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { RegisteredModelMessage } from "@/api/endpoints";
import { Chip } from "@/parts/Chip";
import { PageTitle } from "@/parts/PageTitle";
import { Problem } from "@/parts/Problem";
import { SearchField } from "@/parts/SearchField";
import { ago, exactTime } from "@/parts/times";
import { useCommand } from "@/shell/commands";
import { AliasChips } from "./AliasChips";
import type { Order } from "./filters";
import { firstLine } from "./firstLine";
import { NewModelDialog } from "./ModelDialogs";
import { NoModels } from "./NoModels";
import { modelPages } from "./queries";
import "@/parts/controls.css";
import "@/parts/list.css";
import "./models.css";

const TAGS_SHOWN = 3;

export function ModelsPage() {
  const search = useSearch({ from: "/models" });
  const { q = "", tag = "", order = "changed" } = search;
  const navigate = useNavigate({ from: "/models" });
  const [making, setMaking] = useState(false);
  const pages = useInfiniteQuery(modelPages(search));
  useCommand({ id: "new-model", title: "New model", act: () => setMaking(true), keys: "c" });
  const found = pages.data?.pages.flatMap((page) => page.registered_models ?? []) ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <PageTitle title="Models" />
        <SearchField
          label="Find models by name"
          value={q}
          onChange={(text) =>
            navigate({ search: (was) => ({ ...was, q: text || undefined }), replace: true })
          }
        />
        <input
          className="field tag-filter"
          aria-label="Only models with this tag"
          placeholder="Tag: key or key=value"
          value={tag}
          onChange={(event) =>
            navigate({ search: (was) => ({ ...was, tag: event.target.value || undefined }), replace: true })
          }
        />
        <button type="button" className="button main" onClick={() => setMaking(true)}>
          New model
        </button>
      </div>
      {pages.error && <Problem error={pages.error} retry={() => pages.refetch()} />}
      {pages.isPending && <p className="empty soft">Loading…</p>}
      {pages.isSuccess && found.length === 0 && <NoModels searched={q !== "" || tag !== ""} />}
      {found.length > 0 && (
        <div className="wide-list">
          <table className="list models-list">
            <thead>
              <tr>
                <SortHeader order="name" chosen={order} title="Name" />
                <th scope="col">Latest version</th>
                <th scope="col">Aliases</th>
                <th scope="col">Tags</th>
                <SortHeader order="made" chosen={order} title="Made" />
                <SortHeader order="changed" chosen={order} title="Changed" />
              </tr>
            </thead>
            <tbody>
              {found.map((model) => (
                <Row key={model.name} model={model} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {pages.hasNextPage && (
        <button
          type="button"
          className="button"
          disabled={pages.isFetching}
          onClick={() => pages.fetchNextPage()}
        >
          More
        </button>
      )}
      {making && <NewModelDialog onClose={() => setMaking(false)} />}
    </div>
  );
}

const SORT_HINTS: Record<Order, string> = { name: "A first", made: "newest first", changed: "newest first" };

function SortHeader({ order, chosen, title }: { order: Order; chosen: Order; title: string }) {
  const sorted = order === chosen;
  return (
    <th scope="col" aria-sort={sorted ? (order === "name" ? "ascending" : "descending") : undefined}>
      <Link
        from="/models"
        to="/models"
        search={(was) => ({ ...was, order: order === "changed" ? undefined : order })}
        replace
        className="sort-link"
        title={`Sort by this, ${SORT_HINTS[order]}`}
      >
        {title}
        {sorted && <span aria-hidden="true">{order === "name" ? " ↑" : " ↓"}</span>}
      </Link>
    </th>
  );
}

function Row({ model }: { model: RegisteredModelMessage }) {
  const versions = (model.latest_versions ?? []).map((each) => Number(each.version));
  const latest = versions.length > 0 ? String(Math.max(...versions)) : undefined;
  const tags = model.tags ?? [];
  return (
    <tr>
      <td className="name">
        <Link to="/models/$name" params={{ name: model.name }}>
          {model.name}
        </Link>
        {model.description && <div className="one-line soft">{firstLine(model.description)}</div>}
      </td>
      <td>
        {latest ? (
          <Link to="/models/$name/versions/$version" params={{ name: model.name, version: latest }}>
            {latest}
          </Link>
        ) : (
          <span className="soft">none</span>
        )}
      </td>
      <td>
        <AliasChips name={model.name} aliases={model.aliases ?? []} />
      </td>
      <td>
        <span className="chips">
          {tags.slice(0, TAGS_SHOWN).map((each) => (
            <Link
              key={each.key}
              from="/models"
              to="/models"
              search={(was) => ({ ...was, tag: `${each.key}=${each.value}` })}
              title="Only models with this tag"
            >
              <Chip>
                {each.key}: {each.value}
              </Chip>
            </Link>
          ))}
          {tags.length > TAGS_SHOWN && <span className="soft">+{tags.length - TAGS_SHOWN}</span>}
        </span>
      </td>
      <td className="soft when" title={exactTime(model.creation_timestamp)}>
        {ago(model.creation_timestamp)}
      </td>
      <td className="soft when" title={exactTime(model.last_updated_timestamp)}>
        {ago(model.last_updated_timestamp)}
      </td>
    </tr>
  );
}
