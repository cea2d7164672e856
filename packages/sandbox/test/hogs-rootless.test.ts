import { hogTests } from "./hogs.ts";
import { asOrdinaryUser } from "./ordinary-user.ts";

asOrdinaryUser(() => hogTests({ memoryBy: "watchdog", cpusBy: "none", forksBy: "rlimit" }));
