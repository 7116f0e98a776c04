-- Fills an empty database of this product with as many users as `temp.large` says, twice as many payments, twenty times as
-- many ledger entries, and deliveries, generations and audit lines to go with them, so that `ledger verify` finds nothing.
-- The caller has made `CREATE TEMP TABLE large (users INTEGER, end_ms INTEGER)`, filled it with one row, and dropped the
-- triggers, which it makes again afterwards. Statements end with a semicolon at the end of a line.

CREATE TEMP TABLE u AS
    WITH RECURSIVE n (u) AS (SELECT 0 UNION ALL SELECT u + 1 FROM n WHERE u + 1 < (SELECT users FROM large))
    SELECT u,
           printf('user|%08x', (u * 2654435761) % 4294967296) AS id,
           -- 0: as most. 1: the second order was refunded. 2: it was, and its credits were spent: debt.
           CASE WHEN u % 1000 = 7 THEN 2 WHEN u % 25 = 3 THEN 1 ELSE 0 END AS type,
           printf('%08x-0000-4000-8000-%012x', ((u * 2 + 1) * 2654435761) % 4294967296, u * 2 + 1) AS first,
           printf('%08x-0000-4000-8000-%012x', ((u * 2 + 2) * 2654435761) % 4294967296, u * 2 + 2) AS second,
           printf('%08x-0000-4000-9000-%012x', (u * 2246822519) % 4294967296, u) AS generation
    FROM n;

-- What the k-th entry of a user of that type is, and the balance behind it.
CREATE TEMP TABLE shape AS
    WITH RECURSIVE k (k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM k WHERE k < 19),
    entry AS (
        SELECT type, k,
               CASE WHEN k = 0 THEN 'trial' WHEN k IN (1, 2) THEN 'purchase'
                    WHEN k = 3 AND type = 1 THEN 'clawback' WHEN k = 18 THEN 'charge' ELSE 'adjustment' END AS kind,
               CASE WHEN k = 0 THEN 10 WHEN k IN (1, 2) THEN 420
                    WHEN k = 3 AND type = 0 THEN -5 WHEN k = 3 AND type = 1 THEN -420 WHEN k = 3 THEN -849
                    WHEN k = 18 THEN -1 WHEN k % 2 = 0 OR k = 19 THEN 1 ELSE -1 END AS amount
        FROM k, (SELECT 0 AS type UNION ALL SELECT 1 UNION ALL SELECT 2))
    SELECT type, k, kind, amount, sum(amount) OVER (PARTITION BY type ORDER BY k) AS balance FROM entry;

INSERT INTO users (id, balance, debt, email, name, created_ms)
    SELECT id, (SELECT balance FROM shape WHERE shape.type = u.type AND k = 19), CASE type WHEN 2 THEN 420 ELSE 0 END,
           CASE WHEN u % 10 THEN 'Person.' || u || '@example' || (u % 7) || '.com' END, 'Person ' || u,
           (SELECT end_ms - 63072000000 FROM large) + u * (60000000000 / (SELECT users FROM large))
    FROM u ORDER BY id;

-- One after the other in time, as they come: everybody's k-th before anybody's next.
INSERT INTO ledger_entry (user_id, kind, amount, balance_after, idempotency_key, order_id, generation_id, actor, reason,
                          created_ms)
    SELECT id,
           CASE WHEN k = 19 AND u % 2 THEN 'refund' ELSE kind END, amount, balance,
           CASE kind WHEN 'trial' THEN 'trial:' || id
                     WHEN 'purchase' THEN 'order:' || iif(k = 1, first, second) || ':target:420:clock:1900000000000000'
                     WHEN 'clawback' THEN 'order:' || second || ':target:0:clock:1900000001000000'
                     WHEN 'charge' THEN 'generation:' || generation || ':charge:1'
                     ELSE iif(k = 19 AND u % 2, 'generation:' || generation || ':refund:1',
                              'adjustment:large:' || u || ':' || k) END,
           CASE WHEN kind = 'purchase' THEN iif(k = 1, first, second) WHEN kind = 'clawback' THEN second END,
           CASE WHEN kind = 'charge' OR (k = 19 AND u % 2) THEN generation END,
           CASE WHEN kind = 'adjustment' AND NOT (k = 19 AND u % 2) THEN 'root' END,
           CASE WHEN kind = 'adjustment' AND NOT (k = 19 AND u % 2) THEN 'a correction of ' || u END,
           (SELECT end_ms - 63072000000 FROM large)
               + (k * (SELECT users FROM large) + u) * 63072000000 / (20 * (SELECT users FROM large))
    FROM (SELECT DISTINCT k FROM shape) CROSS JOIN u JOIN shape USING (k, type) ORDER BY k, u;

CREATE TEMP TABLE p AS
    SELECT id AS user_id, first AS order_id, 'applied' AS state, NULL AS reason, 'paid' AS status, 0 AS refunded,
           420 AS target, 0 AS debt, u * 2 AS place FROM u
    UNION ALL
    SELECT id, second, 'applied', NULL, iif(type = 0, 'paid', 'refunded'), iif(type = 0, 0, 500),
           iif(type = 0, 420, 0), iif(type = 2, 420, 0), u * 2 + 1 FROM u
    UNION ALL
    SELECT NULL, printf('%08x-0000-4000-a000-%012x', (u * 2654435761) % 4294967296, u), 'parked', 'unknown_user', 'paid',
           0, 0, 0, u * 2 FROM u WHERE u % 100 = 1;

INSERT INTO payments (order_id, environment, user_id, state, reason, status, currency, net_cents, total_cents,
                      refunded_cents, pack_credits, target_credits, debt_credits, clock_us, snapshot, created_ms, updated_ms)
    SELECT order_id, 'sandbox', user_id, state, reason, status, 'usd', 500, 500, refunded, 420, target, debt,
           1900000000000000 + iif(refunded, 1000000, 0),
           '{"id":"' || order_id || '","status":"' || status || '","paid":true,"billing_reason":"purchase",'
               || '"product_id":"d8f0a1b2-3c4d-4e5f-8a9b-0c1d2e3f4a5b","checkout_id":null,"customer_id":"c' || place
               || '","currency":"usd","subtotal_amount":500,"net_amount":500,"tax_amount":0,"total_amount":500,'
               || '"applied_balance_amount":0,"refunded_amount":' || refunded || ',"subscription_id":null,"seats":null,'
               || '"units":null,"metadata":{"user_id":' || coalesce('"' || user_id || '"', 'null')
               || '},"customer":{"external_id":null},"created_at":"2026-11-20T10:15:02.123456Z"}',
           (SELECT end_ms - 63072000000 FROM large) + place * 63072000000 / (2 * (SELECT users FROM large)),
           (SELECT end_ms - 63072000000 FROM large) + place * 63072000000 / (2 * (SELECT users FROM large))
               + iif(refunded, 86400000, 0)
    FROM p ORDER BY order_id;

INSERT INTO deliveries (webhook_id, environment, type, order_id, verdict, reason, headers, body, sent_ms, received_ms)
    SELECT 'msg_' || order_id, 'sandbox', iif(place % 997 = 0, 'order.refunded', 'order.paid'), order_id,
           iif(state = 'parked', 'parked', iif(place % 501 = 0, 'stale', 'applied')), reason,
           '{"webhook-id":"msg_' || order_id || '"}', CAST(printf('{"type":"order.paid","of":"%s","pad":"%.*c"}',
           order_id, 1500, 'x') AS BLOB), created_ms, created_ms
    FROM p JOIN (SELECT order_id, created_ms FROM payments) USING (order_id) ORDER BY place;

INSERT INTO generations (id, user_id, status, charge, refunded, attempts, due_ms, input_blob, input_kind, input_bytes, width,
                         height, result_blob, result_kind, result_bytes, result_width, result_height, error, created_ms,
                         completed_ms)
    SELECT generation, id, CASE WHEN u % 2 THEN 'failed' WHEN u % 5000 = 0 THEN 'pending' ELSE 'completed' END, 1, u % 2, 1,
           (SELECT end_ms FROM large), printf('%064x', u), 'jpeg', 1000, 640, 480,
           iif(u % 2 = 0 AND u % 5000, printf('%064x', -u - 1), NULL), iif(u % 2 = 0 AND u % 5000, 'jpeg', NULL), 1000, 640,
           480, iif(u % 2, 'provider_unavailable', NULL),
           (SELECT end_ms - 3153600000 FROM large) + u * 3153600000 / (SELECT users FROM large), (SELECT end_ms FROM large)
    FROM u ORDER BY u;

INSERT INTO audit_log (actor, action, subject, old, new, created_ms)
    SELECT 'root', 'user.adjust', id, '1', '2', (SELECT end_ms FROM large) - 100000 + u FROM u ORDER BY u;

INSERT INTO sums
    SELECT 'ledger', kind, created_ms / 86400000, count(*), sum(amount) FROM ledger_entry GROUP BY 2, 3;

INSERT INTO sums
    SELECT 'generations', status, 0, count(*), 0 FROM generations WHERE status <> 'pending' GROUP BY 2;

INSERT INTO user_usage (user_id, image_bytes)
    SELECT user_id, sum(input_bytes + iif(result_blob IS NULL, 0, result_bytes)) FROM generations GROUP BY 1;

INSERT INTO sums
    SELECT 'sold', 'sandbox usd', created_ms / 86400000, count(*), sum(net_cents) FROM payments GROUP BY 3;

INSERT INTO sums
    SELECT 'refunded', 'sandbox usd', updated_ms / 86400000, 0, sum(refunded_cents) FROM payments
    WHERE refunded_cents > 0 GROUP BY 3;

DROP TABLE p;

DROP TABLE shape;

DROP TABLE u;
