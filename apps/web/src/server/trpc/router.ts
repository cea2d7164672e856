import { audit, auth, decision, node, notice, org, plan, policy, sandbox, secret, token } from "@creel/core";
import { mutation, query, router } from "./init.ts";

/** The verbs the pages use, under the verbs' own names. Nothing is decided here. */
export const appRouter = router({
  org: router({ whoAmI: query(org.whoAmI) }),
  auth: router({
    listSessions: query(auth.listSessions),
    signOutEverywhere: mutation(auth.signOutEverywhere),
  }),
  node: router({
    list: query(node.list),
    get: query(node.get),
    createEnrollSecret: mutation(node.createEnrollSecret),
    revoke: mutation(node.revoke),
  }),
  sandbox: router({
    list: query(sandbox.list),
    get: query(sandbox.get),
    create: mutation(sandbox.create),
    start: mutation(sandbox.start),
    stop: mutation(sandbox.stop),
    restart: mutation(sandbox.restart),
    remove: mutation(sandbox.remove),
    kill: mutation(sandbox.kill),
    killAll: mutation(sandbox.killAll),
    release: mutation(sandbox.release),
    exec: mutation(sandbox.exec),
    logs: query(sandbox.logs),
  }),
  policy: router({
    list: query(policy.list),
    get: query(policy.get),
    listVersions: query(policy.listVersions),
    getVersion: query(policy.getVersion),
    create: mutation(policy.create),
    saveVersion: mutation(policy.saveVersion),
    lint: query(policy.lint),
    proposeAllow: query(policy.proposeAllow),
    explain: query(policy.explain),
    replay: query(policy.replay),
  }),
  plan: router({ list: query(plan.list), get: query(plan.get) }),
  decision: router({
    list: query(decision.list),
    get: query(decision.get),
    timeline: query(decision.timeline),
    reach: query(decision.reach),
  }),
  notice: router({
    listChannels: query(notice.listChannels),
    listMyChannels: query(notice.listMyChannels),
    createChannel: mutation(notice.createChannel),
    createMyChannel: mutation(notice.createMyChannel),
    removeChannel: mutation(notice.removeChannel),
    removeMyChannel: mutation(notice.removeMyChannel),
    testChannel: mutation(notice.testChannel),
    testMyChannel: mutation(notice.testMyChannel),
  }),
  audit: router({ list: query(audit.list) }),
  secret: router({
    list: query(secret.list),
    get: query(secret.get),
    create: mutation(secret.create),
    rotate: mutation(secret.rotate),
    remove: mutation(secret.remove),
    bind: mutation(secret.bind),
    unbind: mutation(secret.unbind),
    rewrap: mutation(secret.rewrap),
  }),
  token: router({ list: query(token.list), create: mutation(token.create), revoke: mutation(token.revoke) }),
});

export type AppRouter = typeof appRouter;
