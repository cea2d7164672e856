import { openSealed, type SealPlace } from "@creel/protocol/sealing";
import { type CredentialSource, CredentialUnavailable } from "../credential.ts";

/**
 * A value that came sealed to this node. Threat: a disk or a plan that somebody reads or alters. Invariant: it is opened here, in the
 * gateway's process, and only where it was made for; what does not open is no value, and every use of it is refused with a reason.
 */
export interface SealedValue {
  place: SealPlace;
  /** Null: the plan names the credential, and its value was not sent. */
  sealed: string | null;
  /** Replaced values, newest first: answers are still searched for them. */
  former: readonly { version: number; sealed: string }[];
}

export function sealedSource(
  privatePem: string | null,
  { place, sealed, former }: SealedValue,
  onProblem: (problem: string) => void,
): CredentialSource {
  const open = (text: string, version: number): string | null => {
    if (privatePem === null) return null;
    try {
      return openSealed(privatePem, text, { ...place, version });
    } catch {
      onProblem(`Version ${version} of the credential ${place.name} could not be opened on this node.`);
      return null;
    }
  };
  const value = sealed === null ? null : open(sealed, place.version);
  const replaced = former.map((each) => open(each.sealed, each.version));
  const values = [value, ...replaced].flatMap((each) => (each === null || each === "" ? [] : [each]));
  return {
    values: () => values,
    async current() {
      if (value === null) throw new CredentialUnavailable(`This node has no value of the credential ${place.name}.`);
      return value;
    },
  };
}
