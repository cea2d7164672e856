import { randomUUID } from "node:crypto";
import { approvalSpecSchema } from "@creel/approvals";
import { approvalPolicy, change, delegation, notice, policy } from "../../src/index.ts";
import { applied } from "./applied.ts";
import { type Fleet, POLICY, type TestOrg } from "./fleet.ts";
import { addPerson, type TestPerson } from "./people.ts";

/** Changes of an org, each of a policy of its own, so that applying one leaves the others as they are. */
export interface Changes {
  inputs: Record<string, unknown>;
  /** An approved change that comes due in half a minute. */
  scheduled(): Promise<{ orgId: string; changeId: string }>;
}

interface Making {
  fleet: Fleet;
  org: TestOrg;
  /** Proposes, and may do nothing alone. */
  dev: TestPerson;
  sec: TestPerson;
}

export async function makeChanges(fleet: Fleet, org: TestOrg): Promise<Changes> {
  const making: Making = {
    fleet,
    org,
    dev: await addPerson(fleet, org, { name: "changes-dev", role: "developer" }),
    sec: await addPerson(fleet, org, { name: "changes-sec", role: "security_admin" }),
  };
  const open = await propose(making);
  const broken = await propose(making);
  const reason = "nobody else was there";
  await change.breakGlass({ ctx: fleet.ctx(await making.sec.actor()), input: { ...ballotOf(broken), reason } });
  const rule = approvalSpecSchema.parse({
    selector: { kinds: ["role_grant"] },
    steps: [{ atLeast: 1, of: [{ role: "owner" }] }],
  });
  const owner = fleet.ctx(org.as("owner"));
  const policyInput = { name: "walk", mode: "evaluate" as const, spec: rule };
  const saved = await approvalPolicy.save({ ctx: owner, input: policyInput });
  const policyId = saved.outcome === "applied" ? saved.policyId : "";
  const { changeId } = await scheduled(making);
  const lent = await delegation.give({
    ctx: fleet.ctx(await making.sec.actor()),
    input: { toUserId: org.as("owner").userId, until: soon(fleet), reason: "away" },
  });
  const { items: told } = await notice.listUnseen({ ctx: owner, input: {} });
  return {
    scheduled: async () => await scheduled(making),
    inputs: {
      "change.get": { changeId: open.changeId },
      "change.impact": { changeId: open.changeId },
      "change.vote": { ...ballotOf(await propose(making)), verdict: "approve" },
      "change.edit": await editOf(await propose(making)),
      "change.withdraw": { changeId: (await propose(making)).changeId },
      "change.breakGlass": { ...ballotOf(await propose(making)), reason },
      "change.closeReview": { changeId: broken.changeId, verdict: "justified", note: "indeed nobody was" },
      "change.applyNow": { changeId },
      "change.settleOne": { orgId: org.orgId, changeId },
      "change.remind": { changeId: (await propose(making)).changeId },
      "delegation.give": { toUserId: making.sec.userId, until: soon(fleet), reason: "walk" },
      "delegation.end": { delegationId: lent.id },
      "notice.markSeen": { noticeIds: told.map(({ id }) => id) },
      "approvalPolicy.save": { policyId, name: "walked", mode: "evaluate", spec: rule },
      "approvalPolicy.remove": { policyId },
    },
  };
}

interface Proposed {
  changeId: string;
  digest: string;
  policyId: string;
}
const ballotOf = ({ changeId, digest }: Proposed) => ({ changeId, digest });
const editOf = async ({ policyId, ...ballot }: Proposed) => ({
  ...ballot,
  content: { policyId, yaml: POLICY.replace("GET", "PUT") },
});

async function propose({ fleet, org, dev }: Making, more: object = {}): Promise<Proposed> {
  const name = `changed-${randomUUID().slice(0, 8)}`;
  const owner = fleet.ctx(org.as("owner"));
  const { id: policyId } = applied(await policy.create({ ctx: owner, input: { name, yaml: POLICY } }));
  const input = { policyId, yaml: POLICY.replace("GET", "POST"), baseVersion: 1, ...more };
  const { changeId } = await policy.saveVersion({ ctx: fleet.ctx(await dev.actor()), input });
  const { digest } = await change.get({ ctx: owner, input: { changeId } });
  return { changeId, digest, policyId };
}

const DAYS_MS = 10 * 24 * 60 * 60 * 1000;
const soon = (fleet: Fleet): string => new Date(fleet.clock.now.getTime() + DAYS_MS).toISOString();

const SOON_MS = 30_000;

async function scheduled(making: Making): Promise<{ orgId: string; changeId: string }> {
  const { fleet, org, sec } = making;
  const applyAt = new Date(fleet.clock.now.getTime() + SOON_MS).toISOString();
  const made = await propose(making, { applyAt });
  const input = { ...ballotOf(made), verdict: "approve" as const };
  await change.vote({ ctx: fleet.ctx(await sec.actor()), input });
  return { orgId: org.orgId, changeId: made.changeId };
}
