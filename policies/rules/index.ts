import { adapterRules } from "./adapter";
import { catalogRules } from "./catalog";
import { codeRules } from "./code";
import { confinementRules } from "./container-confinement";
import { environmentRules } from "./container-environment";
import { labelRules } from "./container-labels";
import { limitRules } from "./container-limits";
import { reachRules } from "./container-reach";
import { scopeRules } from "./scopes";
import { runRules } from "./container-run";
import { databaseRules } from "./database";
import { fleetRules } from "./fleet";
import { completeRules } from "./fleet-complete";
import { grantRules } from "./grant";
import { hostRules } from "./host";
import { membershipRules } from "./membership";
import { networkRules } from "./network";
import { planRules } from "./plan";
import { recordRules } from "./record";
import { resourceRules } from "./resource";
import { roleRules } from "./role";
import type { Rule } from "./rule";
import { secretRules } from "./secret";
import { serverRules } from "./server";
import { tokenRules } from "./token";
import { volumeRules } from "./volume";

/** Every rule there is. The component, the policy pack and the audit all judge by these. */
export const rules: readonly Rule[] = [
  ...confinementRules,
  ...limitRules,
  ...reachRules,
  ...environmentRules,
  ...labelRules,
  ...scopeRules,
  ...runRules,
  ...adapterRules,
  ...networkRules,
  ...volumeRules,
  ...roleRules,
  ...membershipRules,
  ...databaseRules,
  ...grantRules,
  ...catalogRules,
  ...codeRules,
  ...serverRules,
  ...recordRules,
  ...secretRules,
  ...hostRules,
  ...tokenRules,
  ...resourceRules,
  ...planRules,
  ...fleetRules,
  ...completeRules,
];
