/** Values of the chart: no more than it needs, and all that it takes. The release is called `gateway`. */
export const LEAST = { image: { repository: "registry.example/gateway" }, existingSecret: "gateway-secrets" };
export const MOST = {
  ...LEAST,
  image: { ...LEAST.image, digest: `sha256:${"0".repeat(64)}` },
  imagePullSecrets: [{ name: "registry" }],
  settings: { REQUIRE_SANDBOX: "on", ALLOWED_HOSTS: "gateway.example" },
  seccompProfile: { type: "Localhost", localhostProfile: "gptomni-gateway.json" },
  hostUsers: false,
  service: { type: "LoadBalancer", port: 8080, annotations: { a: "b" } },
  ingress: { enabled: true, className: "nginx", host: "gateway.example", paths: ["/v1", "/docs"], tlsSecret: "tls" },
  networkPolicy: {
    enabled: true,
    from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress-nginx" } } }],
  },
  browsers: {
    enabled: true,
    replicaCount: 3,
    sharedMemory: "2Gi",
    settings: { REQUIRE_SANDBOX: "on" },
    nodeSelector: { pool: "browsers" },
    tolerations: [{ key: "browsers", operator: "Exists", effect: "NoSchedule" }],
  },
  autoscaling: {
    enabled: true,
    minReplicas: 2,
    maxReplicas: 5,
    metrics: [
      { type: "Resource", resource: { name: "memory", target: { type: "Utilization", averageUtilization: 80 } } },
    ],
  },
  serviceMonitor: { enabled: true, interval: "15s", labels: { release: "prometheus" } },
  prometheusRule: { enabled: true, labels: { release: "prometheus" } },
  podAnnotations: { c: "d" },
  podLabels: { team: "one" },
  nodeSelector: { "kubernetes.io/arch": "amd64" },
  tolerations: [{ key: "dedicated", operator: "Exists", effect: "NoSchedule" }],
  affinity: { nodeAffinity: {} },
};

/** What the pods of browsers are called. */
export const BROWSERS = "gateway-browsers";
