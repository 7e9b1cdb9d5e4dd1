import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./call";

const ATTEMPTS = 3;

/** What passes is tried again, and again when the window comes back; what the server refuses isn't. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => error instanceof ApiError && error.passing && count < ATTEMPTS,
      retryDelay: (count) => Math.min(500 * 2 ** count, 5_000),
      staleTime: 5_000,
      refetchOnReconnect: true,
    },
  },
});
