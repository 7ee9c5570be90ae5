/** One step of the schema. Its SQL reads the shop's terms with `current_setting('substation.title')`. Never edit one that was released. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: "notices, with the first one",
    sql: `
CREATE TABLE shop.notice (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  body         text        NOT NULL CHECK (body <> ''),
  published_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO shop.notice (body) VALUES (format('「%s」已开通，欢迎光临。', current_setting('substation.title')));
`,
  },
  {
    version: 2,
    name: "goods, orders, payments",
    sql: `
-- Money is whole fen everywhere.
CREATE TABLE shop.goods (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  module      text        NOT NULL,
  category    text        NOT NULL,
  face_value  integer     CHECK (face_value > 0),
  title       text        NOT NULL CHECK (title <> ''),
  description text        NOT NULL DEFAULT '',
  main_price  integer     NOT NULL CHECK (main_price BETWEEN 1 AND 100000000),
  listed      boolean     NOT NULL DEFAULT true,
  created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON shop.goods (module, category, main_price) WHERE listed;

-- What was loaded once is never loaded again, whatever the shop has made of it since.
CREATE TABLE shop.initial_item (
  kind      text        NOT NULL, -- category, goods, notice, page
  key       text        NOT NULL,
  loaded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, key)
);

CREATE TABLE shop.card (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  goods_id bigint      NOT NULL REFERENCES shop.goods,
  code     text        NOT NULL CHECK (code <> ''),
  sample   boolean     NOT NULL DEFAULT false, -- for payments of a sandbox, and for no others
  added_at timestamptz NOT NULL DEFAULT now(),
  sold_at  timestamptz,
  UNIQUE (goods_id, code)
);
CREATE INDEX ON shop.card (goods_id, sample, id) WHERE sold_at IS NULL;

CREATE TABLE shop.orders (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token        text        NOT NULL UNIQUE CHECK (token ~ '^[0-9a-f]{32}$'),
  goods_id     bigint      NOT NULL REFERENCES shop.goods,
  module       text        NOT NULL,
  title        text        NOT NULL,
  main_price   integer     NOT NULL CHECK (main_price > 0), -- as they were when the order was made
  amount       integer     NOT NULL CHECK (amount >= main_price), -- nothing is sold below what it costs
  contact      text        NOT NULL,
  state        text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'delivered')),
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  paid_at      timestamptz,
  CHECK ((state = 'open') = (paid_at IS NULL))
);
CREATE INDEX ON shop.orders (id) WHERE state = 'paid';

-- One attempt for each channel of an order, so that a repeated start is the same payment at the gateway.
CREATE TABLE shop.payment (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id      bigint      NOT NULL REFERENCES shop.orders,
  channel       text        NOT NULL,
  sandbox       boolean     NOT NULL,
  out_trade_no  text        NOT NULL UNIQUE,
  amount        integer     NOT NULL CHECK (amount > 0),
  state         text        NOT NULL DEFAULT 'started' CHECK (state IN ('started', 'closed', 'paid', 'anomaly')),
  trade_no      text,
  code_url      text,
  created_at    timestamptz NOT NULL DEFAULT now(),
  paid_at       timestamptz,
  queries       integer     NOT NULL DEFAULT 0,
  next_query_at timestamptz NOT NULL DEFAULT now() + interval '1 minute',
  UNIQUE (order_id, channel),
  CHECK ((state = 'paid') = (paid_at IS NOT NULL))
);
CREATE UNIQUE INDEX payment_paid_once ON shop.payment (order_id) WHERE state = 'paid';
CREATE INDEX ON shop.payment (next_query_at) WHERE state = 'started';
CREATE INDEX ON shop.payment (channel, paid_at) WHERE state = 'paid';

CREATE TABLE shop.delivery (
  order_id     bigint      PRIMARY KEY REFERENCES shop.orders,
  card_id      bigint      UNIQUE REFERENCES shop.card,
  receipt      text        UNIQUE,
  delivered_at timestamptz NOT NULL DEFAULT now(),
  CHECK (num_nonnulls(card_id, receipt) = 1)
);

-- What only a person may decide. A gateway that repeats itself raises the count of one row.
CREATE TABLE shop.anomaly (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind         text        NOT NULL,
  channel      text        NOT NULL,
  out_trade_no text        NOT NULL,
  trade_no     text        NOT NULL,
  order_id     bigint      REFERENCES shop.orders,
  details      jsonb       NOT NULL,
  times        integer     NOT NULL DEFAULT 1,
  first_seen   timestamptz NOT NULL DEFAULT now(),
  last_seen    timestamptz NOT NULL DEFAULT now(),
  UNIQUE (kind, channel, out_trade_no, trade_no)
);
`,
  },
  {
    version: 3,
    name: "categories, pages",
    sql: `
CREATE TABLE shop.category (
  module text NOT NULL,
  name   text NOT NULL, -- as goods and settings have it
  title  text NOT NULL CHECK (title <> ''),
  PRIMARY KEY (module, name)
);

CREATE TABLE shop.page (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  slug       text        NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]{1,40}$'),
  title      text        NOT NULL CHECK (title <> ''),
  body       text        NOT NULL CHECK (body <> ''), -- plain text: an empty line begins a new paragraph
  listed     boolean     NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()
);
`,
  },
  {
    version: 4,
    name: "decisions of people on payments",
    sql: `
ALTER TABLE shop.anomaly
  ADD COLUMN resolution  text CHECK (resolution IN ('refunded', 'delivered', 'ignored')),
  ADD COLUMN resolved_by text CHECK (resolved_by <> ''), -- a person's name; "shop" where stock came
  ADD COLUMN resolved_at timestamptz,
  ADD COLUMN note        text CHECK (note <> ''),
  ADD CHECK (num_nulls(resolution, resolved_by, resolved_at) IN (0, 3));

-- closed: paid, and settled by a person; nothing is handed out any more.
ALTER TABLE shop.orders
  DROP CONSTRAINT orders_state_check,
  ADD CONSTRAINT orders_state_check CHECK (state IN ('open', 'paid', 'delivered', 'closed'));
`,
  },
];

/** What the code of this image needs the database to be at. */
export const schemaVersion = Math.max(...migrations.map((m) => m.version));
