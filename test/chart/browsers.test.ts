import { beforeAll, describe, expect, test } from "vitest";
import { SETTINGS } from "../../src/config/settings.ts";
import { Helm, only } from "./helm.ts";
import { BROWSERS, LEAST, MOST } from "./values.ts";

let helm: Helm;
beforeAll(async () => {
  helm = await Helm.get();
});

async function rendered(values: object = MOST) {
  const manifests = await helm.render(values);
  return {
    template: only(manifests, "Deployment", BROWSERS).spec.template,
    gateway: only(manifests, "Deployment", "gateway").spec.template,
    service: only(manifests, "Service", BROWSERS).spec,
    policy: only(manifests, "NetworkPolicy", BROWSERS).spec,
    budget: only(manifests, "PodDisruptionBudget", BROWSERS).spec,
  };
}

describe("pods of browsers", () => {
  test("are left out unless they are wanted", async () => {
    const manifests = await helm.render(LEAST);
    expect(manifests.filter(({ metadata: { name } }) => name === BROWSERS)).toEqual([]);
    const [{ env }] = only(manifests, "Deployment").spec.template.spec.containers;
    expect(env.map(({ name }: { name: string }) => name)).not.toContain("BROWSER_ENDPOINT");
  });

  test("serve browsers with the token that the gateways have, and get no other secret", async () => {
    const { template, gateway, service } = await rendered();
    const [{ args, env, envFrom, image }] = template.spec.containers;
    expect([args, envFrom, image]).toEqual([["browser-server"], undefined, gateway.spec.containers[0].image]);
    const token = { secretKeyRef: { name: "gateway-secrets", key: "BROWSER_SERVER_TOKEN" } };
    expect(env.filter(({ valueFrom }: { valueFrom?: object }) => valueFrom)).toEqual([
      { name: "BROWSER_SERVER_TOKEN", valueFrom: token },
    ]);
    const settings = Object.fromEntries(env.map(({ name, value }: { name: string; value?: string }) => [name, value]));
    expect(settings).toMatchObject({ REQUIRE_SANDBOX: "on" });
    expect(Object.keys(settings).filter((name) => !(name in SETTINGS))).toEqual([]);
    // Kubernetes fills in what stands before it in the list, and nothing that comes from envFrom.
    const [{ env: ofGateway }] = gateway.spec.containers;
    const at = ofGateway.findIndex(({ name }: { name: string }) => name === "BROWSER_SERVER_TOKEN");
    expect(ofGateway.slice(at, at + 2)).toEqual([
      { name: "BROWSER_SERVER_TOKEN", valueFrom: token },
      { name: "BROWSER_ENDPOINT", value: `ws://${BROWSERS}:${service.ports[0].port}/$(BROWSER_SERVER_TOKEN)` },
    ]);
  });

  test("are reached by the gateways alone, and reach no private network", async () => {
    const { template, gateway, service, policy, budget } = await rendered();
    const { labels } = template.metadata;
    for (const one of [service.selector, policy.podSelector.matchLabels, budget.selector.matchLabels]) {
      expect(labels).toMatchObject(one);
      expect(gateway.metadata.labels).not.toMatchObject(one);
    }
    const [{ from, ports }, ...others] = policy.ingress;
    expect([others, ports]).toEqual([[], [{ port: template.spec.containers[0].ports[0].name }]]);
    expect(from).toEqual([{ podSelector: { matchLabels: expect.anything() as unknown } }]);
    expect(gateway.metadata.labels).toMatchObject(from[0].podSelector.matchLabels);
    expect(labels).not.toMatchObject(from[0].podSelector.matchLabels);
    expect(policy.policyTypes).toEqual(["Ingress", "Egress"]);
    const excepted = policy.egress.flatMap(({ to = [] }: { to?: { ipBlock: { except: string[] } }[] }) =>
      to.flatMap(({ ipBlock }) => ipBlock.except),
    );
    expect(excepted).toEqual(expect.arrayContaining(["10.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16", "fc00::/7"]));
  });

  test("have memory to share, limits, and the confinement and health checks of a gateway", async () => {
    const { template, gateway } = await rendered();
    const [own, ofGateway] = [template.spec.containers[0], gateway.spec.containers[0]];
    expect(own.securityContext).toEqual(ofGateway.securityContext);
    expect(template.spec.securityContext).toEqual(gateway.spec.securityContext);
    expect(own.resources.limits.memory).toBe("6Gi");
    expect(own.volumeMounts).toContainEqual({ name: "shared-memory", mountPath: "/dev/shm" });
    const memory = { name: "shared-memory", emptyDir: { medium: "Memory", sizeLimit: "2Gi" } };
    expect(template.spec.volumes).toContainEqual(memory);
    for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"])
      expect(own[probe].httpGet).toEqual({ path: "/livez", port: own.ports[0].name });
  });
});
