// What .ci/clients bundles of NICE's SDK, which is written for browsers' build
// tools and not for Node.
export { CXoneAcdClient } from "@nice-devone/acd-sdk";
export { CXoneClient } from "@nice-devone/agent-sdk";
export { CXoneAuth, CXoneUser } from "@nice-devone/auth-sdk";
export { CXoneLeaderElector } from "@nice-devone/common-sdk";
