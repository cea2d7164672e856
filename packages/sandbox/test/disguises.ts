import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compile } from "../compiler.mjs";
import { canBuildDataCode, libraryOfData } from "./data-code.ts";
import { type Basket, basket, cleanUp, receptionist, temporary } from "./kit.ts";

const PROGRAM = "/opt/disguise";
const source = join(dirname(fileURLToPath(import.meta.url)), "disguise.c");
/** Who is behind a connection, against everything an agent could do about it. */
export function identityTests(): void {
  let cage: Basket;
  let desk: Awaited<ReturnType<typeof receptionist>>;
  let base: string;

  beforeAll(async () => {
    base = temporary();
    compile(["-O1", "-w", "-o", join(base, "disguise"), source, "-ldl", "-pthread"]);
    compile(["-O1", "-w", "-shared", "-fPIC", "-DLIBRARY", "-o", join(base, "evil.so"), source]);
    // A library of which no part is code: its loader can be made to write some.
    writeFileSync(join(base, "data.c"), "int disguise_data = 1;\n");
    compile(["-shared", "-nostdlib", "-o", join(base, "data.so"), join(base, "data.c")]);
    mkdirSync(join(base, "home/project"), { recursive: true });
    copyFileSync(join(base, "evil.so"), join(base, "home/project/evil.so"));
    await open({});
  });
  async function open(profile: { nestedUserns?: boolean }): Promise<void> {
    cage = await basket({
      ...profile,
      mounts: [
        { source: join(base, "disguise"), target: PROGRAM, mode: "ro" },
        { source: join(base, "evil.so"), target: "/opt/honest.so", mode: "ro" },
        // The agent's project, and around it the home that it may read.
        { source: join(base, "home/project"), target: "/sandbox/work/project", mode: "rw" },
        { source: join(base, "home"), target: "/opt/home", mode: "ro" },
      ],
    });
    desk = await receptionist(cage.runDir);
    for (const name of ["evil.so", "data.so"]) copyFileSync(join(base, name), join(cage.work, name));
    await cage.sh(`cp /opt/honest.so /tmp/evil.so; cp /opt/honest.so /dev/shm/evil.so; cp ${PROGRAM} /tmp/second`);
  }
  const closeDesk = async () => desk.network.close();
  const digest = async () =>
    createHash("sha256")
      .update(readFileSync(join(base, "disguise")))
      .digest("hex");
  afterAll(cleanUp);

  /** Runs a line inside and says who came to the desk. */
  async function comer(line: string) {
    const [{ out, code }, { identity }] = await Promise.all([cage.sh(line), desk.next()]);
    expect(`${out}${code}`).toMatch(/0$/);
    return identity;
  }

  describe("a program with code of the agent's inside has lost its name", () => {
    test.each(["/sandbox/work/evil.so", "/tmp/evil.so", "/dev/shm/evil.so"])("preloaded from %s", async (library) => {
      expect(await comer(`DISGUISE=plain LD_PRELOAD=${library} ${PROGRAM} visit`)).toMatchObject({
        path: PROGRAM,
        library,
      });
    });
    test("preloaded by the audit interface of the loader", async () => {
      const line = `DISGUISE=plain LD_AUDIT=/tmp/evil.so ${PROGRAM} visit`;
      expect(await comer(line)).toMatchObject({ library: "/tmp/evil.so" });
    });
    test("loaded through a read-only mount that shows a writable directory", async () => {
      const library = "/opt/home/project/evil.so";
      expect(await comer(`DISGUISE=plain LD_PRELOAD=${library} ${PROGRAM} visit`)).toMatchObject({ library });
    });
    test("code that has unmapped its file before it connects", async () => {
      const line = `DISGUISE=hide DISGUISE_NAME=evil.so LD_PRELOAD=/tmp/evil.so ${PROGRAM} visit`;
      expect(await comer(line)).toMatchObject({ path: PROGRAM, library: "/tmp/evil.so" });
    });
    test("a library in which nothing is marked as code", async () => {
      const library = "/sandbox/work/data.so";
      expect(await comer(`DISGUISE=plain LD_PRELOAD=${library} ${PROGRAM} visit`)).toMatchObject({ library });
      expect(await comer(`${PROGRAM} unload ${library}`)).toMatchObject({ library });
    });
    test.runIf(canBuildDataCode)("a library whose code its loader makes out of data (x64)", async () => {
      writeFileSync(join(cage.work, "made.so"), libraryOfData({ exitCode: 0, connects: true }));
      const library = "/sandbox/work/made.so";
      expect(await comer(`LD_PRELOAD=${library} ${PROGRAM} nothing`)).toMatchObject({ path: PROGRAM, library });
      expect(await comer(`LD_AUDIT=${library} ${PROGRAM} nothing`)).toMatchObject({ path: PROGRAM, library });
    });
    test("a library that was unloaded again", async () => {
      expect(await comer(`${PROGRAM} unload /tmp/evil.so`)).toMatchObject({ library: "/tmp/evil.so" });
    });
    test("a fork of such a program", async () => {
      const line = `DISGUISE=fork LD_PRELOAD=/tmp/evil.so ${PROGRAM} visit`;
      expect(await comer(line)).toMatchObject({ path: PROGRAM, library: "/tmp/evil.so" });
      expect((await desk.next()).identity).toMatchObject({ library: "/tmp/evil.so" });
    });
    test.each([
      ["map_file /sandbox/work/evil.so", "/sandbox/work/evil.so"],
      ["map_deleted", "/tmp/deleted (deleted)"],
      ["map_memory", "/memfd:usr (deleted)"],
    ])("%s", async (attack, library) => {
      expect(await comer(`${PROGRAM} ${attack}`)).toMatchObject({ path: PROGRAM, library });
    });
    test("a program started by the loader is the loader with foreign code", async () => {
      const loader = (await cage.sh("ls /lib64/ld-linux* /lib/ld-linux* 2>/dev/null")).out.split("\n")[0];
      expect(await comer(`${loader} /tmp/second visit`)).toMatchObject({ library: "/tmp/second" });
    });
    test("such a parent is nobody's ancestor", async () => {
      const identity = await comer(`DISGUISE=child LD_PRELOAD=/tmp/evil.so ${PROGRAM} visit`);
      expect(identity).toMatchObject({ path: PROGRAM });
      expect(identity?.ancestors).not.toContain(PROGRAM);
    });
  });

  test("what comes from read-only mounts leaves a program its name", async () => {
    for (const line of [`${PROGRAM} visit`, `DISGUISE=plain LD_PRELOAD=/opt/honest.so ${PROGRAM} visit`]) {
      const identity = await comer(line);
      expect(identity).toMatchObject({ path: PROGRAM });
      expect(identity?.library ?? null).toBeNull();
    }
  });

  test("exec gives a program its own name again, whatever ran in the process before", async () => {
    const identity = await comer("LD_PRELOAD=/tmp/evil.so env -u LD_PRELOAD /opt/disguise exec_away");
    expect(identity?.path).toBe(PROGRAM);
    expect(identity?.library ?? null).toBeNull();
  });

  test("a program in a writable place keeps its own path as its name, also when it maps its own file again", async () => {
    for (const line of ["/tmp/second visit", "/tmp/second map_file /tmp/second"]) {
      const identity = await comer(line);
      expect(identity).toMatchObject({ path: "/tmp/second" });
      expect(identity?.library ?? null).toBeNull();
    }
  });

  test("a program that lets nobody look into it is named all the same", async () => {
    expect(await comer(`${PROGRAM} undumpable`)).toMatchObject({ path: PROGRAM, sha256: await digest() });
    expect(await comer(`${PROGRAM} undumpable_unload /tmp/evil.so`)).toMatchObject({ library: "/tmp/evil.so" });
    expect(await comer(`${PROGRAM} thread`)).toMatchObject({ path: PROGRAM });
  });

  describe("in mounts of the agent's own making (nestedUserns)", () => {
    beforeAll(async () => {
      await closeDesk();
      await open({ nestedUserns: true });
    });
    test("a program under a trusted name has lost it", async () => {
      expect(await comer(`${PROGRAM} nested_name`)).toMatchObject({
        path: "/usr/bin/sleep",
        library: "/usr/bin/sleep",
      });
    });
    test("a library under a trusted name is the agent's", async () => {
      expect(await comer(`${PROGRAM} nested_library`)).toMatchObject({ path: PROGRAM, library: "/opt/honest.so" });
    });
    test("what comes from the sandbox's own mounts keeps its name there too", async () => {
      const identity = await comer(`${PROGRAM} nested_honest`);
      expect(identity).toMatchObject({ path: PROGRAM });
      expect(identity?.library ?? null).toBeNull();
    });
  });

  describe("ancestors are lost, never gained", () => {
    test("a parent that became a trusted program after the fork is not the ancestor", async () => {
      for (let i = 0; i < 3; i++) {
        const identity = await comer(`${PROGRAM} adopt`);
        expect(identity?.path).toBe(PROGRAM);
        expect(identity?.ancestors.filter((path) => path.endsWith("sleep"))).toEqual([]);
      }
    });
    test("a process given to PID 1 has no ancestors", async () => {
      expect((await comer(`${PROGRAM} double_fork`))?.ancestors).toEqual([]);
    });
    test.each([
      ["subreaper", "adopting the orphans of others"],
      ["sibling", "making a child of one's own parent"],
    ])("%s: %s is refused", async (attack) => {
      expect((await cage.sh(`${PROGRAM} ${attack}`)).out.trim()).toBe("1");
    });
    test("a program's own children, started at once and through a subshell, keep it", async () => {
      const identity = await comer(`sh -c '(${PROGRAM} visit; true); true'; true`);
      expect(identity?.ancestors.filter((path) => /\/(da|ba)?sh$/.test(path)).length).toBeGreaterThanOrEqual(3);
    });
  });

  describe("a socket belongs to who connected it", () => {
    test("passed to another program over a unix socket", async () => {
      expect(await comer(`${PROGRAM} pass`)).toMatchObject({ path: PROGRAM });
    });
    test("opened late by TCP fast open, from another program", async () => {
      expect((await comer(`${PROGRAM} fast_open`))?.path ?? PROGRAM).toBe(PROGRAM);
    });
  });

  test("the digest is that of the file that runs, however fast it is changed in place", async () => {
    const original = readFileSync(join(base, "disguise"));
    const run = cage.sh(`${PROGRAM} flip`);
    for (let i = 0; i < 6; i++) {
      original[original.length - 1] = i;
      const sha256 = createHash("sha256").update(original).digest("hex");
      expect((await desk.next()).identity).toMatchObject({ path: "/tmp/flip", sha256 });
    }
    expect((await run).out).toMatch(/^(0\n)+$/);
  });
}
