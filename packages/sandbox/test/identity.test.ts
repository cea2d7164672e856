import { identityTests } from "./disguises.ts";

identityTests();
