import { configFile, hbaFile, identFile } from "./postgres-config";

const settings = {
  platform: "local",
  port: 5440,
  databaseAddress: "10.87.255.1",
  edgeSubnet: "10.87.0.0/20",
  socketFolder: "/home/o'neil/run",
  certificateFile: "/h/server.crt",
  keyFile: "/h/server.key",
  operators: ["substation", "root"],
};

test("who may connect: tenants over TLS to their own database, the provisioner from this machine, the superuser from no network", () => {
  const lines = hbaFile(settings)
    .split("\n")
    .filter((line) => line && !line.startsWith("#"))
    .map((line) => line.split(/\s+/).join(" "));
  expect(lines).toEqual([
    "local all postgres peer map=operators",
    "local all all reject",
    "hostssl all substation_provisioner 127.0.0.1/32 scram-sha-256",
    "host all substation_provisioner all reject",
    "host all postgres all reject",
    "host all main_station,main_station_app 10.87.0.0/20 reject",
    "hostssl samerole all 10.87.0.0/20 scram-sha-256",
    "hostssl samerole all 127.0.0.1/32 scram-sha-256",
    "host all all all reject",
  ]);
  expect(identFile(settings)).toContain('operators  "root"  postgres\n');
});

test("the server listens on loopback and the database address alone, and quotes what it is given", () => {
  const text = configFile(settings);
  expect(text).toContain("listen_addresses = '127.0.0.1,10.87.255.1'\n");
  expect(text).toContain("unix_socket_directories = '/home/o''neil/run'\n");
  expect(text).not.toMatch(/fsync|full_page_writes|synchronous_commit/);
});
