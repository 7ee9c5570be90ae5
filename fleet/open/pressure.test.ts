import { signsOf } from "./pressure";

const calm = {
  meminfo: "MemTotal:       16000000 kB\nMemFree:          200000 kB\nMemAvailable:    8000000 kB\n",
  stall: "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
  load: "3.10 2.00 1.00 4/900 12345\n",
  cores: 2,
};

test("memory that is short or waited for, and too many processes that want to run, are signs; files that are not there are none", () => {
  expect(signsOf(calm)).toEqual([]);
  expect(signsOf({ ...calm, meminfo: calm.meminfo.replace("8000000", "700000") })).toEqual(["memory"]);
  expect(signsOf({ ...calm, stall: calm.stall.replace("some avg10=0.00", "some avg10=12.50") })).toEqual([
    "memory",
  ]);
  expect(signsOf({ ...calm, load: "17.00 9.00 4.00 4/900 1\n" })).toEqual(["load"]);
  expect(signsOf({ ...calm, load: "17.00 9.00 4.00 4/900 1\n", cores: 8 })).toEqual([]);
  expect(signsOf({ meminfo: "", stall: "", load: "", cores: 2 })).toEqual([]);
});
