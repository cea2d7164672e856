/** Search, reference and other services that tools of an agent ask. */
import { type PresetSource, read, rest } from "./define.ts";
import { bots, fetchers } from "./programs.ts";

export const tools: readonly PresetSource[] = [
  {
    name: "brave",
    title: "Brave Search",
    description: "Search the web by Brave's API.",
    category: "tools",
    programs: bots,
    endpoints: [rest("api.search.brave.com", ["GET /res/v1/**"])],
  },
  {
    name: "tavily",
    title: "Tavily",
    description: "Search and extract pages by Tavily's API; its key stands in the body.",
    category: "tools",
    programs: bots,
    endpoints: [
      rest("api.tavily.com", ["POST /search", "POST /extract"], { more: { request_body_credential_rewrite: true } }),
    ],
  },
  {
    name: "duckduckgo",
    title: "DuckDuckGo",
    description: "Search the web without a key.",
    category: "tools",
    programs: bots,
    endpoints: [rest("html.duckduckgo.com", ["GET,POST /html/"]), rest("api.duckduckgo.com", ["GET /"])],
  },
  {
    name: "firecrawl",
    title: "Firecrawl",
    description: "Fetch, crawl and search pages by Firecrawl's API.",
    category: "tools",
    programs: bots,
    endpoints: [
      rest("api.firecrawl.dev", [
        "POST /v*/scrape",
        "POST /v*/search",
        "POST /v*/crawl",
        "GET /v*/crawl/*",
        "POST /v*/map",
      ]),
    ],
  },
  {
    name: "weather",
    title: "Weather",
    description: "Read forecasts from public services without a key.",
    category: "tools",
    programs: fetchers,
    endpoints: [
      read("wttr.in"),
      rest("api.open-meteo.com", ["GET /v1/forecast"]),
      rest("geocoding-api.open-meteo.com", ["GET /v1/search"]),
      read("api.weather.gov"),
    ],
  },
  {
    name: "public-reference",
    title: "Public reference",
    description: "Read encyclopaedia, web and language documentation.",
    category: "tools",
    programs: fetchers,
    endpoints: [
      read("en.wikipedia.org"),
      read("www.wikidata.org"),
      read("developer.mozilla.org"),
      read("docs.python.org"),
      read("nodejs.org"),
      read("arxiv.org"),
      read("export.arxiv.org"),
    ],
  },
  {
    name: "goldrush",
    title: "GoldRush",
    description: "Read balances and transactions of public chains.",
    category: "tools",
    programs: bots,
    endpoints: [rest("api.covalenthq.com", ["GET /v1/**"])],
  },
  {
    name: "heygen",
    title: "HeyGen",
    description: "List avatars and voices, and make videos.",
    category: "tools",
    programs: bots,
    endpoints: [rest("api.heygen.com", ["GET /v*/**", "POST /v2/video/generate"])],
  },
];
