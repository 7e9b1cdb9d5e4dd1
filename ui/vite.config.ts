import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const EVERYWHERE = [
  "react",
  "react-dom",
  "scheduler",
  "@tanstack/(history|query-core|react-query|react-router|react-store|router-core|store)",
];

// Files are found from the <base> that the server puts into the page, so that it may stand under any prefix.
export default defineConfig({
  base: "./",
  plugins: [react()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    outDir: "../src/headrace/server/ui",
    emptyOutDir: true,
    assetsDir: "assets",
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // Each file is a round trip for whoever is far away: what every page needs comes in two, not in twenty.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "vendor", test: new RegExp(`/node_modules/(${EVERYWHERE.join("|")})/`) },
            { name: "parts", test: /\/src\/(api|live|parts)\/(?!MarkdownText)/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: { "/ajax-api": "http://127.0.0.1:5000", "/get-artifact": "http://127.0.0.1:5000" },
  },
});
