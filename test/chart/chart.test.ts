import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { SETTINGS } from "../../src/config/settings.ts";
import { Helm, only, type Manifest } from "./helm.ts";
import { BROWSERS, LEAST, MOST } from "./values.ts";

/** deploy/helm, rendered by Helm and checked against the schemas of Kubernetes' API; no cluster is asked. */
const ROOT = join(import.meta.dirname, "../..");

let helm: Helm;
beforeAll(async () => {
  helm = await Helm.get();
});

describe.each([
  ["as little as possible", LEAST],
  ["everything", MOST],
])("the chart with %s set", (_how, values) => {
  test("renders what the schemas of the API allow", async () => {
    const manifests = await helm.render(values);
    expect(manifests.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["Deployment", "Service"]));
    expect(await helm.complaints(manifests)).toBe("");
  });

  test("selects its own pods everywhere, by ports that they have", async () => {
    const manifests = await helm.render(values);
    const { template, selector } = only(manifests, "Deployment", "gateway").spec;
    const { labels } = template.metadata;
    const ownServices = manifests.filter(({ kind, metadata: { name } }) => kind === "Service" && name !== BROWSERS);
    const selectors = [
      selector.matchLabels,
      ...ownServices.map(({ spec }) => spec.selector),
      only(manifests, "NetworkPolicy", "gateway").spec.podSelector.matchLabels,
      only(manifests, "PodDisruptionBudget", "gateway").spec.selector.matchLabels,
    ];
    for (const one of selectors) expect(labels).toMatchObject(one);
    const ports = template.spec.containers[0].ports.map(({ name }: { name: string }) => name);
    const services = ownServices.flatMap(({ spec }) => spec.ports);
    for (const { targetPort } of services) expect(ports).toContain(targetPort);
  });

  test("keeps nothing on a node and writes to /tmp only", async () => {
    const { spec } = only(await helm.render(values), "Deployment", "gateway").spec.template;
    expect(spec.volumes.map((volume: object) => Object.keys(volume).toSorted())).toEqual([["emptyDir", "name"]]);
    const [{ securityContext, volumeMounts, env }] = spec.containers;
    expect(volumeMounts).toEqual([{ name: "tmp", mountPath: "/tmp" }]);
    expect(securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(env.find(({ name }: { name: string }) => name === "STATE_DIR").value).toMatch(/^\/tmp\//);
    const unknown = env.map(({ name }: { name: string }) => name).filter((name: string) => !(name in SETTINGS));
    expect(unknown).toEqual([]);
  });

  test("lets only the gateways reach the port of their peers", async () => {
    const { spec } = only(await helm.render(values), "NetworkPolicy", "gateway");
    const rules: readonly { ports: { port: string }[]; from?: object[] }[] = spec.ingress;
    const peers = rules.filter(({ ports }) => ports.some(({ port }) => port === "peers"));
    expect(peers).toEqual([{ ports: [{ port: "peers" }], from: [{ podSelector: spec.podSelector }] }]);
    expect(rules.every(({ ports }) => ports.length > 0)).toBe(true);
  });
});

test("pods have as long to end as the compose file gives", async () => {
  const { spec } = only(await helm.render(LEAST), "Deployment").spec.template;
  const compose = readFileSync(join(ROOT, "docker-compose.yml"), "utf8");
  expect(`${spec.terminationGracePeriodSeconds}s`).toBe(/gateway:[^]*?stop_grace_period: (\w+)/.exec(compose)?.[1]);
});

test("a pod takes requests until the Services have forgotten it", async () => {
  const { spec } = only(await helm.render(LEAST), "Deployment").spec.template;
  expect(spec.containers[0].lifecycle.preStop.exec.command).toEqual(["sleep", expect.stringMatching(/^[5-9]$/)]);
});

test("the Ingress passes on the API alone unless told, and never repeats a prompt that was sent", async () => {
  const manifests = await helm.render({ ...LEAST, ingress: { enabled: true, host: "gateway.example" } });
  const { metadata, spec } = only(manifests, "Ingress") as Manifest & { metadata: { annotations: object } };
  expect(spec.rules[0].http.paths.map(({ path }: { path: string }) => path)).toEqual(["/v1"]);
  expect(metadata.annotations).toMatchObject({
    "nginx.ingress.kubernetes.io/proxy-next-upstream": "error timeout",
    "nginx.ingress.kubernetes.io/proxy-buffering": "off",
  });
});

test.each([
  [{ image: LEAST.image }, "existingSecret: name a Secret"],
  [{ existingSecret: "s" }, "image.repository: where you pushed the image"],
  [{ ...LEAST, replicas: 2 }, "replicas"],
  [{ ...LEAST, settings: { RATE_LIMIT: 2 } }, "RATE_LIMIT"],
  [{ ...LEAST, ingress: { enabled: true } }, "ingress.host"],
  [{ ...LEAST, autoscaling: { enabled: true } }, "autoscaling.metrics"],
  [{ ...LEAST, browsers: { memory: "1Gi" } }, "memory"],
])("%j is refused and told why", async (values, reason) => {
  await expect(helm.render(values)).rejects.toThrow(reason);
});

test("the schemas refuse a misspelt field and a wrong type", async () => {
  const manifests = await helm.render(LEAST);
  const deployment = only(manifests, "Deployment");
  const misspelt = { ...deployment, spec: { ...deployment.spec, minReadySecond: 1 } };
  expect(await helm.complaints([misspelt])).toContain("minReadySecond");
  expect(await helm.complaints([{ ...deployment, spec: { ...deployment.spec, replicas: "3" } }])).toContain(
    "to type 'number'",
  );
});

test("helm lint has nothing against it", async () => {
  const values = ["image.repository=registry.example/gateway", "existingSecret=gateway-secrets"];
  expect(await helm.lint(values)).toContain("0 chart(s) failed");
});

test("alerts ask for metrics that the gateway has", () => {
  const alerts = readFileSync(join(ROOT, "deploy/helm/alerts.yml"), "utf8");
  const names = new Set([...alerts.matchAll(/\bgateway_\w+/g)].map(([name]) => name.replace(/_bucket$/, "")));
  const folder = join(ROOT, "src/observe");
  const metrics = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
  expect([...names].filter((name) => !metrics.includes(`"${name}"`))).toEqual([]);
});
