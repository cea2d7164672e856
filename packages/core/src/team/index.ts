export { addMember, addMemberInput } from "./addMember.ts";
export { create, createInput } from "./create.ts";
export { list, listInput } from "./list.ts";
export { remove, removeInput } from "./remove.ts";
export { removeMember, removeMemberInput } from "./removeMember.ts";
