import { healthOf } from "./docker";

test("health is read out of the engine's words for people, and nothing else of them is", () => {
  const statuses = {
    "Up 5 minutes (healthy)": "healthy",
    "Up 5 minutes (unhealthy)": "unhealthy",
    "Up 2 seconds (health: starting)": "starting",
    "Up 5 minutes": undefined,
    "Up 5 minutes (Paused)": undefined,
    "Exited (0) 3 minutes ago": undefined,
    Created: undefined,
  };
  for (const [Status, health] of Object.entries(statuses)) expect(healthOf({ Status })).toBe(health);
});
