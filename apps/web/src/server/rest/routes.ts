import {
  agentRequest,
  approvalPolicy,
  audit,
  change,
  decision,
  delegation,
  exception,
  inbox,
  node,
  notice,
  org,
  plan,
  policy,
  sandbox,
  secret,
  token,
} from "@creel/core";
import { decisionId, groupKey, plainId, policyId, sandboxId, secretId, versionNumber } from "./names.ts";
import { peopleRoutes } from "./people-routes.ts";
import { type RestRoute, route } from "./route.ts";

const oneSandbox = { idOrName: { field: "sandboxId", resolve: sandboxId } };
const oneSecret = { idOrName: { field: "secretId", resolve: secretId } };
const oneChange = { params: { id: { field: "changeId", resolve: plainId } } };
const oneApprovalPolicy = { params: { id: { field: "policyId", resolve: plainId } } };
const onePolicy = { idOrName: { field: "policyId", resolve: policyId } };

/** The whole of `/api/v1`. The dispatcher, the OpenAPI document and the coverage tests all read this table. */
export const restRoutes: readonly RestRoute[] = [
  route("GET", "/me", org.whoAmI, { summary: "Who this token is, and what its role may do" }),

  route("GET", "/nodes", node.list, { summary: "All nodes" }),
  route("GET", "/nodes/{id}", node.get, {
    summary: "One node with its capabilities",
    source: { params: { id: { field: "nodeId", resolve: plainId } } },
  }),
  route("DELETE", "/nodes/{id}", node.revoke, {
    summary: "Revoke a node's identity",
    source: { params: { id: { field: "nodeId", resolve: plainId } } },
  }),
  route("POST", "/enroll-secrets", node.createEnrollSecret, {
    summary: "Make a single-use secret with which one node can join",
    source: { body: ["nodeName", "labels", "ttlMinutes"] },
    successStatus: 201,
  }),

  route("GET", "/sandboxes", sandbox.list, { summary: "All sandboxes", source: { query: ["nodeId"] } }),
  route("POST", "/sandboxes", sandbox.create, {
    summary: "Create a sandbox and ask its node to run it",
    source: { body: ["name", "nodeId", "policyId", "labels", "agent", "restart", "limits"] },
    successStatus: 201,
  }),
  route("GET", "/sandboxes/{idOrName}", sandbox.get, { summary: "One sandbox", source: { params: oneSandbox } }),
  route("DELETE", "/sandboxes/{idOrName}", sandbox.remove, {
    summary: "Stop a sandbox and remove it",
    source: { params: oneSandbox },
  }),
  route("GET", "/sandboxes/{idOrName}/logs", sandbox.logs, {
    summary: "A sandbox's output; `afterOffset` continues where the last answer ended",
    source: { params: oneSandbox, query: ["afterOffset", "limit"] },
  }),
  route("GET", "/sandboxes/{idOrName}/reach", decision.reach, {
    summary: "Hosts a sandbox asked for, with the verdicts",
    source: { params: oneSandbox },
  }),
  route("POST", "/sandboxes/{idOrName}/exec", sandbox.exec, {
    summary: "Run a command inside a running sandbox",
    source: { params: oneSandbox, body: ["command", "timeoutMs"] },
  }),
  route("POST", "/sandboxes/{idOrName}/start", sandbox.start, {
    summary: "Start a stopped sandbox",
    source: { params: oneSandbox },
  }),
  route("POST", "/sandboxes/{idOrName}/stop", sandbox.stop, {
    summary: "Stop a sandbox",
    source: { params: oneSandbox },
  }),
  route("POST", "/sandboxes/{idOrName}/restart", sandbox.restart, {
    summary: "Start the agent afresh with the same workspace",
    source: { params: oneSandbox },
  }),
  route("POST", "/sandboxes/{idOrName}/kill", sandbox.kill, {
    summary: "End everything inside at once; `to` says whether it is stopped or quarantined then",
    source: { params: oneSandbox, body: ["reason", "to"] },
  }),
  route("POST", "/sandboxes/{idOrName}/release", sandbox.release, {
    summary: "Let a sandbox out of quarantine; it is stopped then",
    source: { params: oneSandbox, body: ["reason"] },
  }),
  route("POST", "/kill-switch", sandbox.killAll, {
    summary: "End every sandbox of a node, or of the organization, at once",
    source: { body: ["nodeId", "reason", "to"] },
  }),

  route("GET", "/policies", policy.list, { summary: "All policies" }),
  route("POST", "/policies", policy.create, {
    summary: "Create a policy with its first version, or propose it (202)",
    source: { body: ["name", "labels", "yaml", "message"] },
    successStatus: 201,
  }),
  route("GET", "/policies/{idOrName}", policy.get, {
    summary: "One policy with its newest version's text",
    source: { params: onePolicy },
  }),
  route("GET", "/policies/{idOrName}/versions", policy.listVersions, {
    summary: "Every version of a policy",
    source: { params: onePolicy },
  }),
  route("POST", "/policies/{idOrName}/versions", policy.saveVersion, {
    summary: "Save a new version, or propose it (202); 409 when `baseVersion` is no longer the newest",
    source: { params: onePolicy, body: ["yaml", "baseVersion", "message", "applyAt"] },
    successStatus: 201,
  }),
  route("GET", "/policies/{idOrName}/versions/{version}", policy.getVersion, {
    summary: "One version of a policy",
    source: { params: { ...onePolicy, version: { field: "version", resolve: versionNumber } } },
  }),

  route("GET", "/decisions", decision.list, {
    summary: "Decisions, newest first, or oldest first after a cursor",
    source: { query: ["sandboxId", "nodeId", "decision", "kind", "before", "after", "limit"] },
  }),
  route("GET", "/decisions/{id}", decision.get, {
    summary: "One decision",
    source: { params: { id: { field: "decisionId", resolve: decisionId } } },
  }),
  route("GET", "/decisions/{id}/explanation", policy.explain, {
    summary: "Why a decision was made, by the version that made it",
    source: { params: { id: { field: "decisionId", resolve: decisionId } } },
  }),
  route("GET", "/decisions/{id}/proposal", policy.proposeAllow, {
    summary: "The smallest policy edit that would allow a denied request",
    source: { params: { id: { field: "decisionId", resolve: decisionId } } },
  }),
  route("GET", "/decisions/{id}/denial", policy.proposeDeny, {
    summary: "The smallest policy edit that would deny a request whatever else the policy allows",
    source: { params: { id: { field: "decisionId", resolve: decisionId } }, query: ["reason"] },
  }),

  route("GET", "/plans", plan.list, { summary: "Plans, newest first", source: { query: ["nodeId", "limit"] } }),
  route("GET", "/plans/{id}", plan.get, {
    summary: "One plan with its content",
    source: { params: { id: { field: "planId", resolve: plainId } } },
  }),

  route("GET", "/audit", audit.list, {
    summary: "Audit rows, newest first",
    source: { query: ["before", "action", "actor", "resource", "limit"] },
  }),

  route("GET", "/notice-channels", notice.listChannels, {
    summary: "Channels of the organization and its teams, with their health",
  }),
  route("POST", "/notice-channels", notice.createChannel, {
    summary: "Add a channel; a webhook's signing secret is in this answer and nowhere else",
    source: { body: ["name", "target", "topics", "digestMinutes", "teamId"] },
    successStatus: 201,
  }),
  route("POST", "/notice-channels/{id}/test", notice.testChannel, {
    summary: "Send a test to a channel; a paused one is used again from then on",
    source: { params: { id: { field: "channelId", resolve: plainId } } },
  }),
  route("DELETE", "/notice-channels/{id}", notice.removeChannel, {
    summary: "Remove a channel",
    source: { params: { id: { field: "channelId", resolve: plainId } } },
  }),

  route("GET", "/secrets", secret.list, { summary: "All secrets, without what is in them" }),
  route("POST", "/secrets", secret.create, {
    summary: "Keep a secret; no answer ever holds its value",
    source: { body: ["name", "value", "description"] },
    successStatus: 201,
  }),
  route("POST", "/secrets/rewrap", secret.rewrap, {
    summary: "Wrap everything that is sealed under the deployment's newest key",
  }),
  route("GET", "/secrets/{idOrName}", secret.get, {
    summary: "One secret: its versions, who may use it, and where their policies let it go",
    source: { params: oneSecret },
  }),
  route("DELETE", "/secrets/{idOrName}", secret.remove, {
    summary: "End every use of a secret and empty it",
    source: { params: oneSecret },
  }),
  route("POST", "/secrets/{idOrName}/versions", secret.rotate, {
    summary: "Give a secret a new value; the one before is known for the overlap",
    source: { params: oneSecret, body: ["value", "overlapMinutes"] },
    successStatus: 201,
  }),
  route("POST", "/secrets/{idOrName}/bindings", secret.bind, {
    summary: "Let one sandbox, or all with certain labels, use a secret, or propose it (202)",
    source: { params: oneSecret, body: ["sandboxId", "scope", "message"] },
    successStatus: 201,
  }),
  route("DELETE", "/secret-bindings/{id}", secret.unbind, {
    summary: "Take a secret away from who may use it by this binding",
    source: { params: { id: { field: "bindingId", resolve: plainId } } },
  }),

  route("GET", "/agent-requests", agentRequest.list, {
    summary: "What agents ask people for, the newest first",
    source: { query: ["waiting", "limit"] },
  }),
  route("POST", "/agent-requests/{id}/answer", agentRequest.answer, {
    summary: "Answer an agent: exactly what it asked for a while, as a change like any other, or no",
    source: {
      params: { id: { field: "requestId", resolve: plainId } },
      body: ["verdict", "seconds", "once", "note"],
    },
  }),
  route("GET", "/exceptions", exception.list, {
    summary: "What sandboxes may reach for a while beside their policies, newest first",
    source: { query: ["sandboxId", "active", "limit"] },
  }),
  route("POST", "/exceptions", exception.grant, {
    summary: "Allow sandboxes one narrow thing for a while, or propose it",
    source: {
      body: ["sandboxIds", "binary", "sha256", "host", "port", "method", "path", "seconds", "once", "reason"],
    },
    successStatus: 201,
  }),
  route("DELETE", "/exceptions/{id}", exception.end, {
    summary: "End an exception before its time",
    source: { params: { id: { field: "exceptionId", resolve: plainId } } },
  }),
  route("GET", "/inbox", inbox.list, {
    summary: "Denied requests in groups, those of the newest day first; `after` is `next` of the page before",
    source: { query: ["days", "sandboxId", "show", "after", "limit"] },
  }),
  route("POST", "/inbox/{key}/allow", inbox.allow, {
    summary: "Allow a group for a while, exactly as it was asked, or propose it",
    source: {
      params: { key: { field: "groupKey", resolve: groupKey } },
      body: ["seconds", "once", "sandboxIds", "reason"],
    },
    successStatus: 201,
  }),
  route("POST", "/inbox/{key}/dismiss", inbox.dismiss, {
    summary: "Take a group out of the inbox, for good or until it is denied again",
    source: { params: { key: { field: "groupKey", resolve: groupKey } }, body: ["as", "reason"] },
  }),
  route("POST", "/inbox/{key}/restore", inbox.restore, {
    summary: "Show a group again",
    source: { params: { key: { field: "groupKey", resolve: groupKey } } },
  }),

  route("GET", "/tokens", token.list, { summary: "API tokens, without their secrets" }),
  route("POST", "/tokens", token.create, {
    summary: "Create an API token; its secret is in this answer and nowhere else",
    source: { body: ["name", "role", "permissions", "scope", "serviceAccountId", "expiresInDays"] },
    successStatus: 201,
  }),
  route("DELETE", "/tokens/{id}", token.revoke, {
    summary: "Revoke an API token, those it was rotated to and from, and those it made",
    source: { params: { id: { field: "tokenId", resolve: plainId } }, query: ["made"] },
  }),
  ...peopleRoutes,

  route("GET", "/changes", change.list, {
    summary: "Changes, newest first",
    source: { query: ["state", "show", "kind", "before", "limit"] },
  }),
  route("GET", "/changes/{id}", change.get, {
    summary: "One change: its content, its votes, what is missing and who could give it",
    source: oneChange,
  }),
  route("GET", "/changes/{id}/impact", change.impact, {
    summary: "What a change touches: sandboxes, nodes, texts, credentials that come into reach",
    source: oneChange,
  }),
  route("PUT", "/changes/{id}", change.edit, {
    summary: "Edit a waiting change; its votes do not carry over",
    source: { ...oneChange, body: ["digest", "content", "message", "applyAt"] },
  }),
  route("POST", "/changes/{id}/withdraw", change.withdraw, {
    summary: "Take a waiting change back",
    source: { ...oneChange, body: ["reason"] },
  }),
  route("POST", "/changes/{id}/apply", change.apply, {
    summary: "Look again whether an approved change can be applied now",
    source: oneChange,
  }),

  route("POST", "/changes/{id}/remind", change.remind, {
    summary: "Remind those who could give what is missing; at most once an hour for one change",
    source: oneChange,
  }),
  // Votes are lent by a person who is signed in, as they are given; a key may take them back.
  route("GET", "/delegations", delegation.list, { summary: "Whose votes are lent to whom" }),
  route("DELETE", "/delegations/{id}", delegation.end, {
    summary: "Take lent votes back, or give them back",
    source: { params: { id: { field: "delegationId", resolve: plainId } } },
  }),

  route("GET", "/approval-policies", approvalPolicy.list, { summary: "Which changes need whose approval" }),
  route("POST", "/approval-policies", approvalPolicy.save, {
    summary: "Make an approval policy, or propose it (202)",
    source: { body: ["name", "mode", "spec", "message", "applyAt"], without: ["policyId"] },
    operationId: "approvalPolicy.create",
    successStatus: 201,
  }),
  route("PUT", "/approval-policies/{id}", approvalPolicy.save, {
    summary: "Change an approval policy, or propose it (202)",
    source: { ...oneApprovalPolicy, body: ["name", "mode", "spec", "message", "applyAt"] },
  }),
  route("DELETE", "/approval-policies/{id}", approvalPolicy.remove, {
    summary: "Remove an approval policy, or propose that (202)",
    source: { ...oneApprovalPolicy, query: ["message"] },
  }),
];
