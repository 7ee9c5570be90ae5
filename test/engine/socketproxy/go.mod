module substation/engine/socketproxy

go 1.25.0
