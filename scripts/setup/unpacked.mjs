// Unpacks programs of the distribution's packages that only tests use. Installed, nginx would start to serve this machine.
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { aptUpdated, librariesOf } from "./apt.mjs";
import { modules } from "./packages.mjs";
import { fail, onPath, say, succeeds } from "./shell.mjs";

/** An install of the packages removes it. */
const cache = join(modules, ".cache", "debian");

/** The environment that tells the tests of several replicas where their programs are. */
export function unpackForReplicas() {
  return {
    NGINX_PATH: onPath("nginx") ?? unpacked("nginx", "nginx"),
    FAKETIME_LIBRARY: unpacked("libfaketime", "libfaketimeMT.so.1"),
    ...pgbouncer(),
  };
}

/** With the libraries that it needs: a machine without PgBouncer lacks some of them. */
function pgbouncer() {
  const installed = onPath("pgbouncer");
  if (installed !== undefined) return { PGBOUNCER_PATH: installed };
  const path = unpacked("pgbouncer", "pgbouncer");
  const libraries = librariesOf("pgbouncer").map((name) => dirname(unpacked(name, /\.so(\.\d+)+$/)));
  return { PGBOUNCER_PATH: path, PGBOUNCER_LIBRARIES: [...new Set(libraries)].join(":") };
}

/** The path of the file with this name, or a name like this, in this package. */
function unpacked(name, file) {
  const folder = join(cache, name);
  const find = () => {
    const paths = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
    return paths
      .filter((path) => /^(usr\/)?(sbin|lib)\//.test(path))
      .find((path) => (typeof file === "string" ? path.endsWith(`/${file}`) : file.test(path)));
  };
  if (find() === undefined) {
    say(`unpacking the distribution's ${name}…`);
    mkdirSync(folder, { recursive: true });
    const download = () =>
      succeeds("apt-get", ["download", "-qq", name], { cwd: folder, stdio: ["ignore", "ignore", 2] });
    if (!download() && !(aptUpdated() && download()))
      fail(`${name} could not be had from the distribution's packages.`);
    const archive = readdirSync(folder).find((path) => path.endsWith(".deb")) ?? fail(`there is no package ${name}.`);
    if (!succeeds("dpkg", ["-x", archive, "."], { cwd: folder })) fail(`${name} could not be unpacked.`);
  }
  return join(folder, find() ?? fail(`the package ${name} has no ${file}.`));
}
