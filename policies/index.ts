import { dirname } from "node:path";
import { PolicyPack } from "@pulumi/policy";
import { hostCapacity } from "../inventory/capacity";
import { policiesOf } from "./pack";
import { rules } from "./rules";

// One folder up is Pulumi.yaml. The stack's name comes with each resource.
new PolicyPack("substation", { policies: policiesOf(rules, dirname(__dirname), hostCapacity) });
