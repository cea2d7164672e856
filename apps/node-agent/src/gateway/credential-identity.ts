import type { DesiredCredential } from "@creel/protocol";

/** What makes a credential another one. Its seal does not: that is new in each plan. */
export const credentialIdentity = (credentials: readonly DesiredCredential[]): string =>
  JSON.stringify(
    credentials.map(({ name, placeholder, secretId, version, sealed, former = [] }) => [
      ...[name, placeholder, secretId, version, sealed !== undefined],
      former.map((each) => each.version),
    ]),
  );
