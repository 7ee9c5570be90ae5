import { environmentRules } from "./container-environment";
import { goodContainers, plannedContainer, runningContainer } from "./testing";
import { finds, passes, testCases } from "./testing-cases";

const id = "container-environment";
const running = runningContainer();

testCases(environmentRules, [
  passes(id, "the containers of a good platform", { container: goodContainers }),
  finds(
    id,
    "a variable that the image does not bring, and one that it brings with another value",
    {
      container: [
        {
          ...running,
          environment: [...running.environment.slice(1), "PATH=/tmp", "NODE_OPTIONS=--require /tmp/x\n=y"],
        },
      ],
    },
    `Container ${running.name} must have no variable but its image's own, but has PATH, NODE_OPTIONS`,
  ),
  finds(
    id,
    "a variable in a plan",
    { container: [{ ...plannedContainer(), environment: ["TZ=UTC"] }] },
    `Container ${running.name} must have no variable but its image's own, but has TZ`,
  ),
  finds(
    id,
    "an image that is gone",
    { container: [runningContainer({ imageEnvironment: undefined })] },
    `Container ${running.name} must have its image's environment, but the image is gone and cannot be asked`,
  ),
]);
