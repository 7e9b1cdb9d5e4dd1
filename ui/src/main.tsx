import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/client";
import { oldAddress } from "./old-addresses";
import { router } from "./router";
import "./styles/theme.css";
import "./styles/base.css";

const old = oldAddress();
if (old !== null) window.history.replaceState(null, "", old);
// One that is pasted over the address of a page that is open.
window.addEventListener("hashchange", () => {
  const path = oldAddress();
  if (path !== null) router.history.replace(path);
});

const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
