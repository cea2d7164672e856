import { identityTests } from "./disguises.ts";
import { becomeOrdinaryUser } from "./ordinary-user.ts";

becomeOrdinaryUser();
identityTests();
