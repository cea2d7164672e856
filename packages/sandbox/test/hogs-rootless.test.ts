import { hogTests } from "./hogs.ts";
import { becomeOrdinaryUser } from "./ordinary-user.ts";

becomeOrdinaryUser();
hogTests({ memoryBy: "watchdog", cpusBy: "none" });
