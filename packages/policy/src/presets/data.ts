/** Databases and monitoring of one's own. */
import { address, host, type PresetSource, restAt } from "./define.ts";
import { bots } from "./programs.ts";

const own = (
  preset: Pick<PresetSource, "name" | "title" | "description">,
  example: string,
  rules: readonly string[],
): PresetSource => ({
  ...preset,
  category: "data",
  parameters: [host("Its host, host and port, or URL without a path.", example), address],
  programs: bots,
  endpoints: (values) => values.host().map((place) => restAt(place, rules, { addresses: values.addresses("address") })),
});

export const data: readonly PresetSource[] = [
  own(
    {
      name: "otlp",
      title: "OpenTelemetry collector",
      description: "Hand traces, metrics and logs to your collector; nothing can be read.",
    },
    "https://otel.example.com:4318",
    ["POST /v1/traces", "POST /v1/metrics", "POST /v1/logs"],
  ),
  own(
    { name: "prometheus", title: "Prometheus, reading", description: "Query metrics; administration stays shut." },
    "https://prometheus.example.com:9090",
    [
      "GET,POST /api/v1/query",
      "GET,POST /api/v1/query_range",
      "GET,POST /api/v1/labels",
      "GET,POST /api/v1/series",
      "GET /api/v1/label/*/values",
      "GET /api/v1/metadata",
    ],
  ),
  own(
    {
      name: "grafana",
      title: "Grafana, reading",
      description: "Read dashboards and query data sources; changing them stays shut.",
    },
    "https://grafana.example.com",
    ["GET /api/search", "GET /api/dashboards/**", "GET /api/datasources/uid/*", "POST /api/ds/query"],
  ),
  own(
    { name: "qdrant", title: "Qdrant, reading", description: "Search collections; writing and deleting stay shut." },
    "https://qdrant.example.com:6333",
    [
      "GET /collections",
      "GET /collections/*",
      "POST /collections/*/points/query",
      "POST /collections/*/points/search",
      "POST /collections/*/points/scroll",
      "POST /collections/*/points/count",
    ],
  ),
];
