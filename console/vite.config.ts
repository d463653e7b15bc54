import { gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

/** Smaller files gain nothing. */
const GZIP_FROM_BYTES = 1_024;

/**
 * Writes a compressed copy beside each file. Gzip, because browsers take brotli over HTTPS only and many gateways are
 * reached over plain HTTP.
 */
function gzipped(): Plugin {
  return {
    name: "gzipped",
    generateBundle(_options, bundle) {
      for (const [fileName, file] of Object.entries(bundle)) {
        const source = file.type === "chunk" ? file.code : file.source;
        if (fileName.endsWith(".html") || source.length < GZIP_FROM_BYTES) continue;
        this.emitFile({ type: "asset", fileName: `${fileName}.gz`, source: gzipSync(source, { level: 9 }) });
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
