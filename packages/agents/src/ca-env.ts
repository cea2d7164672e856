/**
 * Every variable a tool in the sandbox may read to find the authorities it trusts. Some take one extra certificate, some a
 * whole bundle; a tool that finds neither refuses the gateway's certificate, and then nothing gets out for it (fail closed).
 */
export function caEnv({ caFile, bundleFile }: { caFile: string; bundleFile: string }): Record<string, string> {
  return {
    // Added to the built-in roots.
    NODE_EXTRA_CA_CERTS: caFile,
    // In place of the built-in roots.
    SSL_CERT_FILE: bundleFile,
    CURL_CA_BUNDLE: bundleFile,
    REQUESTS_CA_BUNDLE: bundleFile,
    GIT_SSL_CAINFO: bundleFile,
    PIP_CERT: bundleFile,
    AWS_CA_BUNDLE: bundleFile,
    CARGO_HTTP_CAINFO: bundleFile,
    GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: bundleFile,
    CODEX_CA_CERTIFICATE: bundleFile,
    DENO_CERT: caFile,
    npm_config_cafile: bundleFile,
  };
}
