import { identityTests } from "./disguises.ts";
import { asOrdinaryUser } from "./ordinary-user.ts";

asOrdinaryUser(identityTests);
