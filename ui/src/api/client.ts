import { MutationCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./call";
import { askToSignIn } from "./session";
import { tellOtherTabs } from "./tabs";

const ATTEMPTS = 3;

/**
 * What passes is tried again, and again when the window comes back; what the server refuses isn't. A browser that says
 * it is offline may still reach a server on its own machine: the server's silence counts, not the network's.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      networkMode: "always",
      retry: (count, error) => error instanceof ApiError && error.passing && count < ATTEMPTS,
      retryDelay: (count) => Math.min(500 * 2 ** count, 5_000),
      staleTime: 5_000,
    },
    mutations: { networkMode: "always" },
  },
  mutationCache: new MutationCache({
    onSuccess: () => tellOtherTabs("changed"),
    // Somebody wants something and can't have it without: now is the time to ask.
    onError: (error) => {
      if (error instanceof ApiError && error.status === 401) askToSignIn();
    },
  }),
});

/** The server is back: what couldn't be fetched is fetched now. */
export const fetchFailedAgain = (): Promise<void> =>
  queryClient.refetchQueries({ type: "active", predicate: (query) => query.state.status === "error" });
