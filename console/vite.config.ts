import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** Smaller files gain nothing. */
const GZIP_FROM_BYTES = 1_024;

/**
 * Writes a compressed copy beside each script and style. Gzip, because browsers take brotli over HTTPS only and many gateways
 * are reached over plain HTTP.
 */
function gzipped(): Plugin {
  return {
    name: "gzipped",
    // Before the files are written, Vite still changes them.
    writeBundle({ dir = "" }, bundle) {
      for (const name of Object.keys(bundle).filter((file) => /\.(js|css|svg)$/.test(file))) {
        const content = readFileSync(join(dir, name));
        if (content.length >= GZIP_FROM_BYTES) writeFileSync(join(dir, `${name}.gz`), gzipSync(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  base: "/console/",
  build: {
    target: "es2023",
    // The page's policy allows no inline code and no data: scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: "manifest.json",
    // Libraries mark their files for React's servers; there is none here.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
  plugins: [gzipped()],
});
