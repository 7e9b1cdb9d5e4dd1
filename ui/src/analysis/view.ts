import type { Chosen } from "./chosen";
import type { AnalysisState } from "./state";
import type { Values } from "./useValues";

/** What every picture is given. */
export interface ViewProps {
  experimentId: string;
  values: Values;
  chosen: Chosen;
  state: AnalysisState;
  onState: (next: Partial<AnalysisState>) => void;
  /** Leads to a run, by its number among the values. */
  onOpen: (at: number) => void;
}
