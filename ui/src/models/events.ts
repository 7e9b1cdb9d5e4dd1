/** Entries of a model's journal in words. */

import type { RegistryEventMessage } from "@/api/endpoints";

export function sentence(event: RegistryEventMessage): string {
  const version = event.version ? `version ${event.version}` : "the model";
  switch (event.kind) {
    case "model_created":
      return "made the model";
    case "model_renamed":
      return `renamed the model from ${event.before} to ${event.after}`;
    case "version_created":
      return `made ${version}`;
    case "version_deleted":
      return `deleted ${version}`;
    case "alias_set":
      return event.before && event.before !== event.after
        ? `moved @${event.key} from version ${event.before} to ${event.after}`
        : `set @${event.key} to version ${event.after}`;
    case "alias_removed":
      return `removed @${event.key} from version ${event.before}`;
    case "stage_set":
      return `moved ${version} from ${event.before || "None"} to ${event.after}`;
    case "version_signed":
      return `signed ${version}`;
    case "policy_set":
      return "changed the policy";
    case "model_tag_set":
    case "version_tag_set":
      return `set the tag ${event.key} of ${version} to ${event.after}`;
    case "model_tag_removed":
    case "version_tag_removed":
      return `removed the tag ${event.key} of ${version}`;
    default:
      return `${event.kind.replaceAll("_", " ")} (${version})`;
  }
}
