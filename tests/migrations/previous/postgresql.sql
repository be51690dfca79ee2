SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.appointments (
    id integer NOT NULL,
    patient_id integer NOT NULL,
    at timestamp with time zone NOT NULL,
    with_whom character varying(255) NOT NULL,
    place character varying(255) NOT NULL,
    reason character varying(255) NOT NULL
);
CREATE SEQUENCE public.appointments_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.appointments_id_seq OWNED BY public.appointments.id;
CREATE TABLE public.authenticators (
    id character varying(32) NOT NULL,
    user_id integer NOT NULL,
    method character varying(16) NOT NULL,
    name character varying(64) NOT NULL,
    secret_sealed bytea NOT NULL,
    algorithm character varying(16) NOT NULL,
    digits integer NOT NULL,
    period integer NOT NULL,
    last_step bigint NOT NULL,
    failures integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    disabled_at timestamp with time zone,
    target_hash bytea
);
CREATE TABLE public.backup_code_sets (
    id character varying(32) NOT NULL,
    user_id integer NOT NULL,
    number integer NOT NULL,
    salt bytea NOT NULL,
    pepper_sealed bytea NOT NULL,
    codes_sealed bytea,
    readable_until timestamp with time zone,
    asked_number integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    saved_at timestamp with time zone,
    replaced_at timestamp with time zone,
    sealed_copy_given_at timestamp with time zone
);
CREATE TABLE public.backup_codes (
    set_id character varying(32) NOT NULL,
    number integer NOT NULL,
    hash bytea NOT NULL,
    used_at timestamp with time zone
);
CREATE TABLE public.bindings (
    id character varying(32) NOT NULL,
    user_id integer NOT NULL,
    session_id integer NOT NULL,
    method character varying(16) NOT NULL,
    secret_sealed bytea NOT NULL,
    failures integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    replaces character varying(32),
    is_extra boolean DEFAULT false NOT NULL
);
CREATE TABLE public.chart_notes (
    id integer NOT NULL,
    chart_id integer NOT NULL,
    author_id integer NOT NULL,
    text text NOT NULL,
    written_at timestamp with time zone NOT NULL
);
CREATE SEQUENCE public.chart_notes_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.chart_notes_id_seq OWNED BY public.chart_notes.id;
CREATE TABLE public.charts (
    id integer NOT NULL,
    practice_id integer NOT NULL,
    patient_name character varying(255) NOT NULL,
    born_on date NOT NULL,
    reason character varying(255) NOT NULL,
    visit_at timestamp with time zone NOT NULL,
    allergies character varying(255) NOT NULL,
    medicines text NOT NULL
);
CREATE SEQUENCE public.charts_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.charts_id_seq OWNED BY public.charts.id;
CREATE TABLE public.emergency_grants (
    id character varying(32) NOT NULL,
    practice_id integer NOT NULL,
    provider_id integer NOT NULL,
    session_id integer,
    reason text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    decided_by_id integer,
    approved_at timestamp with time zone,
    refused_at timestamp with time zone,
    ends_at timestamp with time zone,
    ended_at timestamp with time zone,
    reviewed_by_id integer,
    reviewed_at timestamp with time zone
);
CREATE TABLE public.emergency_views (
    grant_id character varying(32) NOT NULL,
    chart_id integer NOT NULL,
    opened_at timestamp with time zone NOT NULL
);
CREATE TABLE public.events (
    id integer NOT NULL,
    at timestamp with time zone NOT NULL,
    event character varying(48) NOT NULL,
    result character varying(8) NOT NULL,
    reason character varying(48),
    actor_id integer,
    subject_id integer,
    role character varying(16),
    factor character varying(16),
    session_hash character varying(64),
    request_id character varying(32) NOT NULL,
    ip character varying(45) NOT NULL,
    user_agent text NOT NULL,
    app_version character varying(16) NOT NULL,
    case_id character varying(32)
);
CREATE SEQUENCE public.events_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.events_id_seq OWNED BY public.events.id;
CREATE TABLE public.letters (
    id integer NOT NULL,
    patient_id integer NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    sender character varying(255) NOT NULL,
    subject character varying(255) NOT NULL,
    body text NOT NULL
);
CREATE SEQUENCE public.letters_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.letters_id_seq OWNED BY public.letters.id;
CREATE TABLE public.links (
    id integer NOT NULL,
    user_id integer NOT NULL,
    purpose character varying(24) NOT NULL,
    token_hash character varying(64) NOT NULL,
    facts json NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);
CREATE SEQUENCE public.links_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.links_id_seq OWNED BY public.links.id;
CREATE TABLE public.notice_addresses (
    id character varying(32) NOT NULL,
    user_id integer NOT NULL,
    email_sealed bytea NOT NULL,
    is_first boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone
);
CREATE TABLE public.outbox (
    id character varying(32) NOT NULL,
    user_id integer NOT NULL,
    template character varying(48) NOT NULL,
    facts json NOT NULL,
    to_sealed bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    kind character varying(8) DEFAULT 'mail'::character varying NOT NULL,
    body_sealed bytea,
    answered_at timestamp with time zone,
    state character varying(12) DEFAULT 'queued'::character varying NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    lease_until timestamp with time zone,
    dies_at timestamp with time zone,
    outcome character varying(12),
    delivered_at timestamp with time zone
);
CREATE TABLE public.practices (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    city character varying(255) NOT NULL,
    phone character varying(40) NOT NULL,
    deadline_at timestamp with time zone,
    grace_days integer DEFAULT 0 NOT NULL,
    grace_sign_ins integer DEFAULT 0 NOT NULL
);
CREATE SEQUENCE public.practices_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.practices_id_seq OWNED BY public.practices.id;
CREATE TABLE public.reset_requests (
    id character varying(32) NOT NULL,
    practice_id integer,
    subject_id integer NOT NULL,
    asked_by_id integer NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    checks json NOT NULL,
    status character varying(8) DEFAULT 'waiting'::character varying NOT NULL,
    generation integer NOT NULL,
    decided_by_id integer,
    decided_at timestamp with time zone,
    CONSTRAINT ck_reset_requests_status CHECK (((status)::text = ANY ((ARRAY['draft'::character varying, 'waiting'::character varying, 'done'::character varying, 'refused'::character varying])::text[])))
);
CREATE TABLE public.results (
    id integer NOT NULL,
    patient_id integer NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    name character varying(255) NOT NULL,
    value character varying(64) NOT NULL,
    range character varying(64) NOT NULL
);
CREATE SEQUENCE public.results_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.results_id_seq OWNED BY public.results.id;
CREATE TABLE public.sent_codes (
    id character varying(32) NOT NULL,
    user_id integer NOT NULL,
    attempt character varying(48) NOT NULL,
    authenticator_id character varying(32) NOT NULL,
    to_hash bytea NOT NULL,
    prefix character varying(8) NOT NULL,
    ip character varying(45) NOT NULL,
    code_hash bytea NOT NULL,
    outbox_id character varying(32) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    tries integer NOT NULL,
    used_at timestamp with time zone,
    replaced_at timestamp with time zone
);
CREATE TABLE public.sessions (
    id integer NOT NULL,
    token_hash character varying(64) NOT NULL,
    user_id integer NOT NULL,
    level character varying(16) NOT NULL,
    browser_hash character varying(64),
    browser_known boolean NOT NULL,
    next_path character varying(512),
    ip character varying(45) NOT NULL,
    user_agent text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    password_at timestamp with time zone NOT NULL,
    second_factor_at timestamp with time zone,
    ended_at timestamp with time zone,
    ended_reason character varying(32),
    turning_off_at timestamp with time zone,
    put_off_at timestamp with time zone,
    CONSTRAINT ck_sessions_level CHECK (((level)::text = ANY ((ARRAY['claimant'::character varying, 'waiting'::character varying, 'emergency'::character varying, 'aal1'::character varying, 'aal1+trusted'::character varying, 'aal2'::character varying])::text[])))
);
CREATE SEQUENCE public.sessions_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sessions_id_seq OWNED BY public.sessions.id;
CREATE TABLE public.spent_steps (
    authenticator_id character varying(32) NOT NULL,
    step bigint NOT NULL
);
CREATE TABLE public.trusted_browsers (
    id integer NOT NULL,
    user_id integer NOT NULL,
    token_hash character varying(64) NOT NULL,
    generation integer NOT NULL,
    ip character varying(45) NOT NULL,
    user_agent text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone
);
CREATE SEQUENCE public.trusted_browsers_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.trusted_browsers_id_seq OWNED BY public.trusted_browsers.id;
CREATE TABLE public.users (
    id integer NOT NULL,
    username character varying(64) NOT NULL,
    full_name character varying(255) NOT NULL,
    role character varying(16) NOT NULL,
    practice_id integer,
    password_sealed bytea NOT NULL,
    email_sealed bytea,
    phone_sealed bytea,
    two_factor character varying(8) NOT NULL,
    two_factor_since timestamp with time zone,
    code_failures integer NOT NULL,
    backup_failures integer NOT NULL,
    set_up_failures integer NOT NULL,
    password_failures integer NOT NULL,
    codes_paused_until timestamp with time zone,
    last_sign_in_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    disabled_at timestamp with time zone,
    generation integer DEFAULT 0 NOT NULL,
    country character varying(2) DEFAULT 'US'::character varying NOT NULL,
    email_hash bytea,
    phone_confirmed_at timestamp with time zone,
    invited_until timestamp with time zone,
    reset_at timestamp with time zone,
    reminded_at timestamp with time zone,
    grace_sign_ins integer,
    CONSTRAINT ck_users_role CHECK (((role)::text = ANY ((ARRAY['patient'::character varying, 'provider'::character varying, 'administrator'::character varying, 'support'::character varying])::text[]))),
    CONSTRAINT ck_users_two_factor CHECK (((two_factor)::text = ANY ((ARRAY['off'::character varying, 'on'::character varying, 'reset'::character varying])::text[])))
);
CREATE SEQUENCE public.users_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.users_id_seq OWNED BY public.users.id;
ALTER TABLE ONLY public.appointments ALTER COLUMN id SET DEFAULT nextval('public.appointments_id_seq'::regclass);
ALTER TABLE ONLY public.chart_notes ALTER COLUMN id SET DEFAULT nextval('public.chart_notes_id_seq'::regclass);
ALTER TABLE ONLY public.charts ALTER COLUMN id SET DEFAULT nextval('public.charts_id_seq'::regclass);
ALTER TABLE ONLY public.events ALTER COLUMN id SET DEFAULT nextval('public.events_id_seq'::regclass);
ALTER TABLE ONLY public.letters ALTER COLUMN id SET DEFAULT nextval('public.letters_id_seq'::regclass);
ALTER TABLE ONLY public.links ALTER COLUMN id SET DEFAULT nextval('public.links_id_seq'::regclass);
ALTER TABLE ONLY public.practices ALTER COLUMN id SET DEFAULT nextval('public.practices_id_seq'::regclass);
ALTER TABLE ONLY public.results ALTER COLUMN id SET DEFAULT nextval('public.results_id_seq'::regclass);
ALTER TABLE ONLY public.sessions ALTER COLUMN id SET DEFAULT nextval('public.sessions_id_seq'::regclass);
ALTER TABLE ONLY public.trusted_browsers ALTER COLUMN id SET DEFAULT nextval('public.trusted_browsers_id_seq'::regclass);
ALTER TABLE ONLY public.users ALTER COLUMN id SET DEFAULT nextval('public.users_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0003');
INSERT INTO public.appointments VALUES (1, 1, '2026-12-06 00:30:00+09', 'Dr. Lian Chen', 'Riverside Family Practice', 'Check-up');
INSERT INTO public.appointments VALUES (2, 1, '2026-12-19 19:30:00+09', 'Nurse Ito', 'Riverside Family Practice', 'Flu shot');
INSERT INTO public.appointments VALUES (3, 2, '2026-12-06 00:30:00+09', 'Dr. Lian Chen', 'Riverside Family Practice', 'Check-up');
INSERT INTO public.appointments VALUES (4, 2, '2026-12-19 19:30:00+09', 'Nurse Ito', 'Riverside Family Practice', 'Flu shot');
INSERT INTO public.appointments VALUES (5, 3, '2026-12-06 00:30:00+09', 'Dr. Lian Chen', 'Riverside Family Practice', 'Check-up');
INSERT INTO public.appointments VALUES (6, 3, '2026-12-19 19:30:00+09', 'Nurse Ito', 'Riverside Family Practice', 'Flu shot');
INSERT INTO public.authenticators VALUES ('983c2a24fb0910061e38dfdfecdef94d', 3, 'totp', 'Authenticator App', '\x74657374002409e76facc88db68fb1232bea968d29b17b9faf3ce63c6636c3534c093b9afc3036e40efc6891eec3698f620e495dabc34e88960da7de1af0b7340c', 'SHA1', 6, 30, 0, 0, '2026-11-29 12:01:40.022121+09', NULL, NULL, NULL);
INSERT INTO public.authenticators VALUES ('ec05d39bf81b82eabf983ba0e000a159', 5, 'totp', 'Authenticator App', '\x7465737400e84bd6fdabb5ddc27a22ff9fc8ee7b6c52248e5585ca64fd3a4e18b02b220ae26f628819ecf4111950c2a8442ab8acc5d93e0d2d81cb7d50264734e7', 'SHA1', 6, 30, 0, 0, '2026-11-29 12:01:40.022121+09', NULL, NULL, NULL);
INSERT INTO public.authenticators VALUES ('12a8a4ef6c5f86809b46e99ca79f3afa', 6, 'totp', 'Authenticator App', '\x7465737400d9e33b95eab25ec412da7c144dd865171a9c33af770fec2a37ba0ff79e6d922a91affcfafb241e62ecf1c256f08b1748f1429ad59b2969bafce55ee9', 'SHA1', 6, 30, 0, 0, '2026-11-29 12:01:40.022121+09', NULL, NULL, NULL);
INSERT INTO public.authenticators VALUES ('748dfacfa9cefad4aadecb607ce0eb9a', 7, 'totp', 'Authenticator App', '\x74657374009702c5be5484bbdf3b840b4983baf65d1ebd866c67fc1cd14ae1d5923a02af006049c48c880055dcba6bb4778bd6907b4038e2150c2c9b7344c21619', 'SHA1', 6, 30, 0, 0, '2026-11-29 12:01:40.022121+09', NULL, NULL, NULL);
INSERT INTO public.authenticators VALUES ('ba470dacc6bf6e3c1a46aaf39d931c8c', 8, 'totp', 'Authenticator App', '\x7465737400e5fe1654d14d2e46d79aa41cf98c39115eb64e94187a26b99cab4847dab93e3039183459fc90ef6be2d70d079ca9eb3073b435a2077f5b11bc07c04b', 'SHA1', 6, 30, 0, 0, '2026-11-29 12:01:40.022121+09', NULL, NULL, NULL);
INSERT INTO public.authenticators VALUES ('9b845ab7c08e6c1e120b8f9d60f3b1a0', 1, 'totp', 'Authenticator App', '\x7465737400daf2fcf087247586d3c6d826a6119f91e3cd23dd769665981817059d964d2c88674760a434c3dbf1a6a542cda6def253a3fa580dfdd4556eaaf2217e', 'SHA1', 6, 30, 59864043, 0, '2026-11-29 12:01:45.235523+09', '2026-11-29 12:01:45.235523+09', NULL, NULL);
INSERT INTO public.backup_code_sets VALUES ('b56a8a0fc0877fdde24309771afda04e', 3, 1, '\x8aaf9199b3a5b54a4a7846e722898cb1', '\x7465737400d6fb7325d65ec0d41530c7f73f5c68a2fca1de8278d79565c5a104f616a9d1605aba97021a02df6eb90fcb52949be113f73c8036ae59d85052dfc7ee3804f38ee9e0977f7ec56e', NULL, NULL, 9, '2026-11-29 12:01:40.022121+09', '2026-11-29 12:01:40.022121+09', NULL, NULL);
INSERT INTO public.backup_code_sets VALUES ('7767e841def89b965167f0e4e92343e3', 5, 1, '\x9e530e5954eafb84e73bc0241fa01bf2', '\x7465737400eef684cd1dd9d317cd4e3b236884d1d47c73d83085566fccf03282563a515b653e760dc4bf736611c6c84b87e14c62c924467cebe0518186e86126ba52721164870ace0f4e2597', NULL, NULL, 5, '2026-11-29 12:01:40.022121+09', '2026-11-29 12:01:40.022121+09', NULL, NULL);
INSERT INTO public.backup_code_sets VALUES ('8e7ef23b3f39c8d0506394c3a5fcda5c', 6, 1, '\x70d20cd46b7e1e3d32d6d460c55551b9', '\x746573740069bd880d962ff0218b852eccb474cc6e8b3e4f1ebafec3f34ffdee1f7d8abc1528ad0a5ee05f629c8c213b0eec363021804d279ffee2130600f2fbd419ab8e1d510e55d4273982', NULL, NULL, 4, '2026-11-29 12:01:40.022121+09', '2026-11-29 12:01:40.022121+09', NULL, NULL);
INSERT INTO public.backup_code_sets VALUES ('797291c714f5fba670128cd341d23458', 7, 1, '\x8a185767b668fe92dde67da3941c560b', '\x74657374006262fa95d0e62933dee64673c270cf88c200d7947fb36524aa68734b0235efb1173b46cfb087a1cece221bcc93cafc1395d373522f806c5bffa88431ba237b21d5e6fef3319a71', NULL, NULL, 9, '2026-11-29 12:01:40.022121+09', '2026-11-29 12:01:40.022121+09', NULL, NULL);
INSERT INTO public.backup_code_sets VALUES ('beafbdd4a3f54a6842f90621fd930feb', 8, 1, '\x192dcc8c3d6358c064b164d185798fe1', '\x74657374008b2f1a1c7508e28f0ee2e328a8f5d8571279e0e9480267e96e8202b06f33a6c79e910a009ba905a9083ace0d717b7504017930da2b453e04e5390649902854f40b0f5816edc32e', NULL, NULL, 4, '2026-11-29 12:01:40.022121+09', '2026-11-29 12:01:40.022121+09', NULL, NULL);
INSERT INTO public.backup_code_sets VALUES ('38b8e923ef34f0962d44057556e3985c', 1, 1, '\x1123b4c6f9ce64b32790f1046241b6ba', '\x7465737400906018c664ca66e807fd0d890e8e7084d1d60f3040478496f56bf648aa47463e3378bfff9545b760e572ff4827c740e3a9f8a00ff438a9762c71a7479dfcf6536ae591e79e2933', '\x746573740050259e4d78d48b980788b651f709d142c0e0c44d3231ac098ea11b2873e68f34323229704336bb956bbf751500239da796ed9a4f1554d367d5d9e5503f00d2ae06f39bc045d109ae7584e9f8c58c45726cf7c6c8192aeee0886f8b556c1ac327e4f565faf01b5ec6cc2a02d5efe3a1c3a9121eed85e7de2b7780b94cb595c3f212623ad7f108c2ba2466d69be1781c9a3df6086a007216eec32148be045f87eaa5ceabed038a885c6f3ae39b4f96fecf88903505e6638a9b97f19a85de7e801c4254534aaba4c1bedc4dab2c01d4112c344850e2f5101b99d7a1aeaef9d84f1f680b9f69', '2026-11-29 12:31:45.235523+09', 8, '2026-11-29 12:01:45.235523+09', NULL, NULL, NULL);
INSERT INTO public.backup_codes VALUES ('b56a8a0fc0877fdde24309771afda04e', 1, '\x8d36b0767091e4ade892dbb3e55b107bb7cb5e20c8aeb8b92cd2f844b50cc96b', NULL);
INSERT INTO public.backup_codes VALUES ('b56a8a0fc0877fdde24309771afda04e', 2, '\xe06469928425a6967a7cc637af97a60055adda2af0ddcc5c9d752700f0940971', NULL);
INSERT INTO public.backup_codes VALUES ('b56a8a0fc0877fdde24309771afda04e', 3, '\x302ac104b4963b60511af91524f838373918285b50e9b82f3683de0865215eb0', NULL);
INSERT INTO public.backup_codes VALUES ('b56a8a0fc0877fdde24309771afda04e', 4, '\xde253d99df1c9380ad0d18b9ad186dbf121de85ea803f80b1e2493ae3d33026e', NULL);
INSERT INTO public.backup_codes VALUES ('b56a8a0fc0877fdde24309771afda04e', 5, '\x09e8333a0e5c6128290cdf195dcae284d14d2ab183ef36c4259375dc3c99d791', NULL);
INSERT INTO public.backup_codes VALUES ('b56a8a0fc0877fdde24309771afda04e', 6, '\x1a6d0500a662313ff4d69527cb89029b64528e77ae153293d777a220f1f5a452', NULL);
INSERT INTO public.backup_codes VALUES ('b56a8a0fc0877fdde24309771afda04e', 7, '\xca87af17d14b8ff3c5994d20b89ae3b6ff0f505f549bbffa5cbe41431386c29f', NULL);
INSERT INTO public.backup_codes VALUES ('b56a8a0fc0877fdde24309771afda04e', 8, '\x6d76d8fe8e1edb2ca50d13f3a807b71fa0822efb2047b7e39f370baa8b7505c4', NULL);
INSERT INTO public.backup_codes VALUES ('b56a8a0fc0877fdde24309771afda04e', 9, '\x690da8828aa282631c0f1b41966fce715a11be60e8e1fd0c7726ca586cd1a429', NULL);
INSERT INTO public.backup_codes VALUES ('b56a8a0fc0877fdde24309771afda04e', 10, '\xe53e397b00657680ff8bc5d957004a42f757b2237b4d726d34bd9b3c85937e67', NULL);
INSERT INTO public.backup_codes VALUES ('7767e841def89b965167f0e4e92343e3', 1, '\xeaf9b0071957169831133d9841a8e4eea293b26b5f01338647765300f6664d2e', NULL);
INSERT INTO public.backup_codes VALUES ('7767e841def89b965167f0e4e92343e3', 2, '\xf03e14ef7e987a9812f4bdfde6257faf38b3ce7582a915959108d58294834877', NULL);
INSERT INTO public.backup_codes VALUES ('7767e841def89b965167f0e4e92343e3', 3, '\x1ec9392d19740fb0edf0279639e1911b555c6c9ff874f3178cb224e88987f534', NULL);
INSERT INTO public.backup_codes VALUES ('7767e841def89b965167f0e4e92343e3', 4, '\x10213754f940015634bfcd654095a789dfeb584dd98fd273f84d9446652062af', NULL);
INSERT INTO public.backup_codes VALUES ('7767e841def89b965167f0e4e92343e3', 5, '\x46eee6bd2d2a409d29c9e667f76248482db68671b25fd3655abcc711f925ba57', NULL);
INSERT INTO public.backup_codes VALUES ('7767e841def89b965167f0e4e92343e3', 6, '\x9cc0048c0e87c07aa0cb33428f5c9e206b682e613980f38620b297048efd6a57', NULL);
INSERT INTO public.backup_codes VALUES ('7767e841def89b965167f0e4e92343e3', 7, '\x0e9dfcb4f5d49facf04561cce444bc7361645a4ba24047c4c6e11c3a962fbf14', NULL);
INSERT INTO public.backup_codes VALUES ('7767e841def89b965167f0e4e92343e3', 8, '\x25adf79abb0d35c317ec928cb1563ddd36da3647bd5c75f2eef946b40f8d6445', NULL);
INSERT INTO public.backup_codes VALUES ('7767e841def89b965167f0e4e92343e3', 9, '\xb7f3e266f757fcb51812bad7210e8bfa22ed7d01a0475bbe8e9ee132fd3c0f51', NULL);
INSERT INTO public.backup_codes VALUES ('7767e841def89b965167f0e4e92343e3', 10, '\x9b7b14816ec91cf37f79c96a0c156e6e123d568da428b05156006a6edb7be1c7', NULL);
INSERT INTO public.backup_codes VALUES ('8e7ef23b3f39c8d0506394c3a5fcda5c', 1, '\x8f58e1fe494ba0ac63da0539d9fd1c95bb6882f4e03e83248b3a8e8ca8417e20', NULL);
INSERT INTO public.backup_codes VALUES ('8e7ef23b3f39c8d0506394c3a5fcda5c', 2, '\x9c566133a58adc1550540628f4888426727d1b585461c2f062b7060eb6c49eb8', NULL);
INSERT INTO public.backup_codes VALUES ('8e7ef23b3f39c8d0506394c3a5fcda5c', 3, '\x73ea39416dae9e7dbce3211d15099e408965657bcba93b955a1c7850e8dfe1f8', NULL);
INSERT INTO public.backup_codes VALUES ('8e7ef23b3f39c8d0506394c3a5fcda5c', 4, '\x95034aff92853b151eca7cc215c5248519e39845ad7d6285a8f41b2f4ab740cc', NULL);
INSERT INTO public.backup_codes VALUES ('8e7ef23b3f39c8d0506394c3a5fcda5c', 5, '\x4d04edf535f26a2d712ee6f83ed6cfe69de507c319fbeb60608728088d6a5c35', NULL);
INSERT INTO public.backup_codes VALUES ('8e7ef23b3f39c8d0506394c3a5fcda5c', 6, '\x13273c224f7e811f7666d7eda9ac146d78129840f4aa42032d00a66f19e0344a', NULL);
INSERT INTO public.backup_codes VALUES ('8e7ef23b3f39c8d0506394c3a5fcda5c', 7, '\x8cad0d11e8909229dad5c6e24885bbcc06651413cc6c3cc600fa7ea59a7c49a4', NULL);
INSERT INTO public.backup_codes VALUES ('8e7ef23b3f39c8d0506394c3a5fcda5c', 8, '\x92786fe4cf4e81f2707656414d1625a6e4649af0c88bbfb56fd17d9f25aa3515', NULL);
INSERT INTO public.backup_codes VALUES ('8e7ef23b3f39c8d0506394c3a5fcda5c', 9, '\xd4fb0878cab6e75bd481cf8e2393e8df1e8d0702d1dab58ed4a8e505f904bb51', NULL);
INSERT INTO public.backup_codes VALUES ('8e7ef23b3f39c8d0506394c3a5fcda5c', 10, '\xd6516360e9d1ed96fdabab65f7f571a04118771d6d808f2d0d6bf813e5a63ccb', NULL);
INSERT INTO public.backup_codes VALUES ('797291c714f5fba670128cd341d23458', 1, '\x1771c52975d93c4884fbfc378b1813a5b94badde7ec132c35bbdbb852c1cc70c', NULL);
INSERT INTO public.backup_codes VALUES ('797291c714f5fba670128cd341d23458', 2, '\x8fa7f18afe7198e7fea940328b9825e1d8e9d06e15af7182f338f4a3eb55c707', NULL);
INSERT INTO public.backup_codes VALUES ('797291c714f5fba670128cd341d23458', 3, '\xa45f3c33f4b0ef39725fed4d7f2fad5f7a01a21b11cfaaa2d68aa8302045f2f2', NULL);
INSERT INTO public.backup_codes VALUES ('797291c714f5fba670128cd341d23458', 4, '\xdc39fb39e7e948ed5f2fd87805e544d0caab7afcc827668f30cfdb75029e1235', NULL);
INSERT INTO public.backup_codes VALUES ('797291c714f5fba670128cd341d23458', 5, '\x8e4d8185385c9c964012fb69d123a12f73df50a9e72455fa99c04a9ce72e9626', NULL);
INSERT INTO public.backup_codes VALUES ('797291c714f5fba670128cd341d23458', 6, '\x877fdcd06f5641559976295a39b4544b9920cc16bac183cc684a831c7bd7a43f', NULL);
INSERT INTO public.backup_codes VALUES ('797291c714f5fba670128cd341d23458', 7, '\xb2c89dcfbf1759430330d219863b8bdfd51aa070eb69ebbc87b131211f90d861', NULL);
INSERT INTO public.backup_codes VALUES ('797291c714f5fba670128cd341d23458', 8, '\xce270b5d57ab399fe1f517dc76e693a1f2996e0a7523578fecb6c75cb2a0e670', NULL);
INSERT INTO public.backup_codes VALUES ('797291c714f5fba670128cd341d23458', 9, '\xfe040e4aee80b5f3713b507a237edef2305dc0ab23c62b91d5233391aebe4584', NULL);
INSERT INTO public.backup_codes VALUES ('797291c714f5fba670128cd341d23458', 10, '\xbb35afa649bd149eec258b6f956fc2d109cb9ad97f7e971e7423ec7380bed880', NULL);
INSERT INTO public.backup_codes VALUES ('beafbdd4a3f54a6842f90621fd930feb', 1, '\x8fae1ec8a5db3655848f50334aaf370848f6ac187adb1c196e45ebf12689e7ff', NULL);
INSERT INTO public.backup_codes VALUES ('beafbdd4a3f54a6842f90621fd930feb', 2, '\xacc02028f4d18c564583f6ef043d05f7fb00ddbac99a58f094f8b3c914698f93', NULL);
INSERT INTO public.backup_codes VALUES ('beafbdd4a3f54a6842f90621fd930feb', 3, '\x7c64e393003d8faa03b45a0c351e4baee14e1131383b30384777437417b01ba1', NULL);
INSERT INTO public.backup_codes VALUES ('beafbdd4a3f54a6842f90621fd930feb', 4, '\x06faef55c4249c55a4372cd9c8ac802a5584c9e65e54879d7ebf619fd80bb100', NULL);
INSERT INTO public.backup_codes VALUES ('beafbdd4a3f54a6842f90621fd930feb', 5, '\xc999141a2a3445a95f4792179efeffd6658d2c52c6e95e4969bdee5450971b72', NULL);
INSERT INTO public.backup_codes VALUES ('beafbdd4a3f54a6842f90621fd930feb', 6, '\xe91f3bd32dd83bd00fc6b8adaa070241f260843bdcf2a7a33ac81cca08c921c9', NULL);
INSERT INTO public.backup_codes VALUES ('beafbdd4a3f54a6842f90621fd930feb', 7, '\x3b913d37b99016fbfbe28e6bac32095da33cc20cbe457b52c573c1362aba4ff0', NULL);
INSERT INTO public.backup_codes VALUES ('beafbdd4a3f54a6842f90621fd930feb', 8, '\x12738a841f6eb2046ec6b6ed6b404846f9821302ad7b56901913b682bde4aafb', NULL);
INSERT INTO public.backup_codes VALUES ('beafbdd4a3f54a6842f90621fd930feb', 9, '\x58bb613027959183e05b88115ddb0abf49277781e1f74c2ed5fa103c003520d7', NULL);
INSERT INTO public.backup_codes VALUES ('beafbdd4a3f54a6842f90621fd930feb', 10, '\x0f1e3d743859bc8392d7d9136093be8f386cf0ea033b572beae0e0ea35fe9777', NULL);
INSERT INTO public.backup_codes VALUES ('38b8e923ef34f0962d44057556e3985c', 1, '\x7c46a6e972a3120de8a429a4d9e59b3a31f4ad8a2e6d5c7c2ab6f4bd77401cb4', NULL);
INSERT INTO public.backup_codes VALUES ('38b8e923ef34f0962d44057556e3985c', 2, '\xb4f97e13d85323d9504335e638785f9b26d6c0c177531635cb031c3118ba9cf3', NULL);
INSERT INTO public.backup_codes VALUES ('38b8e923ef34f0962d44057556e3985c', 3, '\x8d77018e5fdcd4399b0d62e1dc482484a41bab939f42d3254a3d2c49aca20376', NULL);
INSERT INTO public.backup_codes VALUES ('38b8e923ef34f0962d44057556e3985c', 4, '\x2d7aff615ed30ee067dfacb3476b4143f57608ab2194a53738867902ce555e62', NULL);
INSERT INTO public.backup_codes VALUES ('38b8e923ef34f0962d44057556e3985c', 5, '\xb086263260e35d60801d39d8595e6ce88ac618c56eef3e9044a1d2cd3d3dfa6b', NULL);
INSERT INTO public.backup_codes VALUES ('38b8e923ef34f0962d44057556e3985c', 6, '\xe58e58e2973e3987cbdbf435c4c6f152ae3c95dfc5a390aeb53e6fc6a901a786', NULL);
INSERT INTO public.backup_codes VALUES ('38b8e923ef34f0962d44057556e3985c', 7, '\xdef2f0c3f732b1438f2d846c5b5dc47541508e4ebbfbe8592c0fa992ab9a0182', NULL);
INSERT INTO public.backup_codes VALUES ('38b8e923ef34f0962d44057556e3985c', 8, '\xe72f67c0c8d38d102b943b656b9812b7fd80ce846a5c75f495298c15c8beef57', NULL);
INSERT INTO public.backup_codes VALUES ('38b8e923ef34f0962d44057556e3985c', 9, '\x3485a4531ecd1c15edbd8eee36ffc8235c156799b7f9c61b3c3dfe87a1024413', NULL);
INSERT INTO public.backup_codes VALUES ('38b8e923ef34f0962d44057556e3985c', 10, '\xd92e39a2bdbbb24ab80200a9009e812cb666564c2e28c596510ac70b3058e925', NULL);
INSERT INTO public.chart_notes VALUES (1, 4, 5, 'HbA1c 7.4 %. Walks half an hour a day now. Same dose, next look in three months.', '2026-08-30 00:00:00+09');
INSERT INTO public.chart_notes VALUES (2, 2, 5, '142/88 at home on average. Started lisinopril, kidney values in two weeks.', '2026-10-31 00:00:00+09');
INSERT INTO public.chart_notes VALUES (3, 1, 4, 'All values in the usual range. Letter sent.', '2026-11-26 00:00:00+09');
INSERT INTO public.chart_notes VALUES (4, 7, 7, 'Swelling has gone down. Physiotherapy twice a week.', '2026-11-09 00:00:00+09');
INSERT INTO public.charts VALUES (1, 1, 'Maria Reyes', '1984-03-12', 'Check-up', '2026-12-06 00:00:00+09', 'Penicillin', 'None');
INSERT INTO public.charts VALUES (2, 1, 'Samuel Okoye', '1971-11-02', 'Blood pressure', '2026-12-01 00:00:00+09', 'None known', 'Lisinopril 10 mg, once a day');
INSERT INTO public.charts VALUES (3, 1, 'Jun Park', '1996-07-25', 'Flu shot', '2026-12-20 00:00:00+09', 'None known', 'None');
INSERT INTO public.charts VALUES (4, 1, 'Rosa Alvarez', '1958-01-30', 'Diabetes, every three months', '2026-12-03 00:00:00+09', 'Sulfonamides', 'Metformin 500 mg, twice a day');
INSERT INTO public.charts VALUES (5, 1, 'Theo Lindgren', '2016-09-08', 'School check', '2026-12-12 00:00:00+09', 'Peanuts', 'Epinephrine injector, at hand');
INSERT INTO public.charts VALUES (6, 1, 'Grace Mbeki', '1990-05-17', 'Second trimester', '2026-12-02 00:00:00+09', 'None known', 'Prenatal vitamins');
INSERT INTO public.charts VALUES (7, 2, 'Olga Petrova', '1949-12-05', 'Knee pain', '2026-12-04 00:00:00+09', 'Ibuprofen', 'Paracetamol 500 mg, when needed');
INSERT INTO public.charts VALUES (8, 2, 'Caleb Stone', '2001-02-20', 'Asthma review', '2026-12-09 00:00:00+09', 'None known', 'Salbutamol inhaler, when needed');
INSERT INTO public.charts VALUES (9, 2, 'Amara Diallo', '1988-08-14', 'New patient', '2026-12-01 00:00:00+09', 'Latex', 'None');
INSERT INTO public.events VALUES (1, '2026-11-29 12:01:40.022121+09', 'backup_codes_made', 'ok', NULL, 3, 3, 'patient', 'backup_code', NULL, 'demo-seed', '', 'demo seed', '0.1.0', NULL);
INSERT INTO public.events VALUES (2, '2026-11-29 12:01:40.022121+09', 'backup_codes_made', 'ok', NULL, 5, 5, 'provider', 'backup_code', NULL, 'demo-seed', '', 'demo seed', '0.1.0', NULL);
INSERT INTO public.events VALUES (3, '2026-11-29 12:01:40.022121+09', 'backup_codes_made', 'ok', NULL, 6, 6, 'administrator', 'backup_code', NULL, 'demo-seed', '', 'demo seed', '0.1.0', NULL);
INSERT INTO public.events VALUES (4, '2026-11-29 12:01:40.022121+09', 'backup_codes_made', 'ok', NULL, 7, 7, 'provider', 'backup_code', NULL, 'demo-seed', '', 'demo seed', '0.1.0', NULL);
INSERT INTO public.events VALUES (5, '2026-11-29 12:01:40.022121+09', 'backup_codes_made', 'ok', NULL, 8, 8, 'support', 'backup_code', NULL, 'demo-seed', '', 'demo seed', '0.1.0', NULL);
INSERT INTO public.events VALUES (6, '2026-11-29 12:01:43.243959+09', 'authn_login_success', 'ok', NULL, 1, 1, 'patient', 'password', '398bdd4b2a366c95676a3bbeebcc258e31dc2259f891d715db96e603951d36e7', 'fdd11356e49c16b9', '127.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36', '0.1.0', NULL);
INSERT INTO public.events VALUES (7, '2026-11-29 12:01:45.052227+09', 'authenticator_binding_begun', 'ok', NULL, 1, 1, 'patient', 'totp', '398bdd4b2a366c95676a3bbeebcc258e31dc2259f891d715db96e603951d36e7', '3990374b3509784c', '127.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36', '0.1.0', NULL);
INSERT INTO public.events VALUES (8, '2026-11-29 12:01:45.235523+09', 'backup_codes_made', 'ok', NULL, 1, 1, 'patient', 'backup_code', '398bdd4b2a366c95676a3bbeebcc258e31dc2259f891d715db96e603951d36e7', '7e9fe5092a47a500', '127.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36', '0.1.0', NULL);
INSERT INTO public.events VALUES (9, '2026-11-29 12:01:45.235523+09', 'authenticator_added', 'ok', NULL, 1, 1, 'patient', 'totp', '398bdd4b2a366c95676a3bbeebcc258e31dc2259f891d715db96e603951d36e7', '7e9fe5092a47a500', '127.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36', '0.1.0', NULL);
INSERT INTO public.letters VALUES (1, 1, '2026-11-28 00:30:00+09', 'Dr. Lian Chen', 'Your blood test', 'All values are in the usual range. We can talk about them at your check-up.');
INSERT INTO public.letters VALUES (2, 1, '2026-11-14 00:30:00+09', 'Riverside Family Practice', 'Before your visit', 'Bring the list of medicines that you take, with the amounts.');
INSERT INTO public.letters VALUES (3, 2, '2026-11-28 00:30:00+09', 'Dr. Lian Chen', 'Your blood test', 'All values are in the usual range. We can talk about them at your check-up.');
INSERT INTO public.letters VALUES (4, 2, '2026-11-14 00:30:00+09', 'Riverside Family Practice', 'Before your visit', 'Bring the list of medicines that you take, with the amounts.');
INSERT INTO public.letters VALUES (5, 3, '2026-11-28 00:30:00+09', 'Dr. Lian Chen', 'Your blood test', 'All values are in the usual range. We can talk about them at your check-up.');
INSERT INTO public.letters VALUES (6, 3, '2026-11-14 00:30:00+09', 'Riverside Family Practice', 'Before your visit', 'Bring the list of medicines that you take, with the amounts.');
INSERT INTO public.outbox VALUES ('e3dcf33f2ccffe35a23a0f0de5f0842a', 1, 'new_browser', '{"name": "Maria Reyes", "issuer": "Medximity", "when": "2026-11-29T03:01:43.243959+00:00", "browser": "Chrome on Linux", "ip": "127.0.0.1"}', '\x7465737400af984681cb36baa12c89fb929db69b169b2acef98dcc83332a53e561c1bfad6f5f9911374c6a480fdce835a221dc', '2026-11-29 12:01:43.243959+09', NULL, 'mail', NULL, NULL, 'queued', 0, NULL, '2026-12-02 12:01:43.243959+09', NULL, NULL);
INSERT INTO public.outbox VALUES ('30693caa6032581816fb58c279fffef4', 1, 'two_factor_on', '{"name": "Maria Reyes", "issuer": "Medximity", "when": "2026-11-29T03:01:45.235523+00:00", "browser": "Chrome on Linux", "ip": "127.0.0.1"}', '\x746573740075d1032a112c985807afed2d44f842fb9ef93b6358102b7ee7ffa70b56d473fd4750cfe4537d07920887f05d7d44', '2026-11-29 12:01:45.235523+09', NULL, 'mail', NULL, NULL, 'queued', 0, NULL, '2026-12-02 12:01:45.235523+09', NULL, NULL);
INSERT INTO public.practices VALUES (1, 'Riverside Family Practice', 'Portland', '(503) 555-0142', NULL, 0, 0);
INSERT INTO public.practices VALUES (2, 'Lakeside Clinic', 'Madison', '(608) 555-0117', NULL, 0, 0);
INSERT INTO public.results VALUES (1, 1, '2026-11-26 00:30:00+09', 'Cholesterol', '182 mg/dL', 'below 200');
INSERT INTO public.results VALUES (2, 1, '2026-11-26 00:30:00+09', 'Fasting glucose', '91 mg/dL', '70 to 99');
INSERT INTO public.results VALUES (3, 1, '2026-11-26 00:30:00+09', 'Vitamin D', '34 ng/mL', '20 to 50');
INSERT INTO public.results VALUES (4, 2, '2026-11-26 00:30:00+09', 'Cholesterol', '182 mg/dL', 'below 200');
INSERT INTO public.results VALUES (5, 2, '2026-11-26 00:30:00+09', 'Fasting glucose', '91 mg/dL', '70 to 99');
INSERT INTO public.results VALUES (6, 2, '2026-11-26 00:30:00+09', 'Vitamin D', '34 ng/mL', '20 to 50');
INSERT INTO public.results VALUES (7, 3, '2026-11-26 00:30:00+09', 'Cholesterol', '182 mg/dL', 'below 200');
INSERT INTO public.results VALUES (8, 3, '2026-11-26 00:30:00+09', 'Fasting glucose', '91 mg/dL', '70 to 99');
INSERT INTO public.results VALUES (9, 3, '2026-11-26 00:30:00+09', 'Vitamin D', '34 ng/mL', '20 to 50');
INSERT INTO public.sessions VALUES (1, '398bdd4b2a366c95676a3bbeebcc258e31dc2259f891d715db96e603951d36e7', 1, 'aal2', 'ec814a184e3ed4e3da69b4efaaac6ad2ebc261b8272c1d06793befcf2f533494', false, NULL, '127.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36', '2026-11-29 12:01:43.243959+09', '2026-11-29 12:01:45.235523+09', '2026-11-30 00:01:43.243959+09', '2026-11-29 12:01:43.243959+09', '2026-11-29 12:01:45.235523+09', NULL, NULL, NULL, NULL);
INSERT INTO public.users VALUES (2, 'jun', 'Jun Park', 'patient', NULL, '\x74657374004e03a8688712bf86698aeb0148736ac7fd317cb3ae83f39cfdae8a4024b853c5a6eb3d2be2dda659edae58c7deb4e345e6d196fb8231734571eb909e40473c4275672c37b20c9f5a66d35f4c46f6d3912e8146f811dfdc63e2795e3f98f0d82ace785e0f6fc0d185aae2eb51d162b59be9363d46b97d1bd8b159460fdc', '\x7465737400fdb605c5fcc1b6cb641197f7b242d0ab54249dfa28def418ca8509296d20ba4b22109436ffbdb311fb288ab0', '\x746573740021de973b1a2a380739413858e3fe09edb32ddf2757972d9b1ccedb3068178fbbd0491219881c004925', 'off', NULL, 0, 0, 0, 0, NULL, NULL, '2026-11-29 12:01:40.022121+09', NULL, 0, 'KR', '\xbefc7c56483af0f1d1b57aaa6ba97313c7fb1ee793cccb024b887993837dcba8', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.users VALUES (3, 'sam', 'Sam Okoye', 'patient', NULL, '\x7465737400b1cb7a62996276bb167cae9793131afe35d78cd931749d60ee9b576af5a615ae37da6563ebe4e5e0a23f184f0324afbcb6693255023689285127461394777f6f7e9842a859218588f3f28dee6806612571346d6d3b4485ae4bd456ed5dfc128f1814325bf3dfb1b377a89efacd35e5f9cc34dc9bab0d56c764468776a6', '\x74657374006bd7b93a9e6a0488f6eb4ca45f6fd91b001ad1ff4edbffe3efe9a2c30354c1aef644d8f20af1d017327f597b', NULL, 'on', '2026-11-29 12:01:40.022121+09', 0, 0, 0, 0, NULL, NULL, '2026-11-29 12:01:40.022121+09', NULL, 0, 'US', '\x6139813bf6fe3cad3e8b27b04d46cc998d717c600610460fbf4175dbe9ef1297', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.users VALUES (4, 'dr.chen', 'Dr. Lian Chen', 'provider', 1, '\x74657374008e8426b4f816e646b3dbab82cec4b51ce0aa37d8d47be6a5c054eebf57feb37c9a29d8a9d06f4b9c66febfef1a00970f38691a07ba866acc2b58e7dcf1d37450bb6214e870d0e858a4eba8f098dfa2139814e7120d8182c504ccfc30f00c2fe589c78e2530e4c7d274d99394f720a2d395be4698fada623d7ddf566356', '\x7465737400d540c9da8006ca90b4fb15b6f2dc00bf72d1b8e278b02a9e239e12ab4a281a814d0f1f1405ba170d4e3cbfd7fd36fee6', NULL, 'off', NULL, 0, 0, 0, 0, NULL, NULL, '2026-11-29 12:01:40.022121+09', NULL, 0, 'US', '\x63b96a30fff808bd5b4b233148e205f1c7e43d5139d6f704f019bd425c99de8d', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.users VALUES (5, 'dr.okafor', 'Dr. Ada Okafor', 'provider', 1, '\x74657374002773020e810e314700c5c3a2d1eb8c8d18536c06190b03b3c13a8938c3c2adc459d8b555373f01fe3bb88ed9593cf054bb81f84408bdc0509ed9275fd3eaf3d3f886c3fbccae453eeae70b31824b5ac220e38581be21e1135b0eb59c6ea92b0fab9ee1d0ab47a04033e8ed959f7107c72fcf69c66095c16cdaf5491922', '\x7465737400144d97ac1bc9ee8ef468e93550e0959f7a8cf17d7716c464a853d130f8d7459de25a9a2dd54d76413a2620f9d1d5353fe1f6', NULL, 'on', '2026-11-29 12:01:40.022121+09', 0, 0, 0, 0, NULL, NULL, '2026-11-29 12:01:40.022121+09', NULL, 0, 'US', '\x3e218529039fc411e82665b36c3e22b3afd70e7c8f6718c63adc094c834e2cd9', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.users VALUES (6, 'admin.lee', 'Robin Lee', 'administrator', 1, '\x7465737400515740caf66145b03697ccd767fb9c3c0f8e40ca9caa10bd520524e5bd69cb6636cec6d9695a1c806720afb89f0e27b15ba65537a0c696ec65e1ed99df100727f048ee1049cba759de2efdc7719acd90deb5117d8960a7cb9bd8e2e590b7364ca4a6b53fa2c7974ec3d96db91aba60846662d01ad4056fd7c23135d10e', '\x7465737400492df7ec6ac28a257ef0721675f1b9ec2f7c854121dbf7091c5ce3c7c608e78326509da1105f1a36dc1db5bb0c6a61e2a2be', NULL, 'on', '2026-11-29 12:01:40.022121+09', 0, 0, 0, 0, NULL, NULL, '2026-11-29 12:01:40.022121+09', NULL, 0, 'US', '\x3380678267c64a2aae7b9352bea5eff592b5b1abc6f1c539275145df9a4e06b0', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.users VALUES (7, 'dr.novak', 'Dr. Petra Novak', 'provider', 2, '\x7465737400aad89c7ad8311c0edeebdcace0b967e23bfc10dc51fd658c1374c7f3eefe3f639dac21c6867c084ac4cd0b708bf43196b5ae8c75a74f60901c7885c25e1345ef277413ad613791401aff428a957841f064ec66b22c63c6e47c8a6ea7351adb531c0bf31e4b7134c09d512c414c62a511bbcf30d1be2d5c5c2daced03d2', '\x74657374001784b7b1aeb675296710065f248932a151578e3d4e2e211a32bb15cfef0d260156c2d0f35584b4bceb41f2464b04db6137', NULL, 'on', '2026-11-29 12:01:40.022121+09', 0, 0, 0, 0, NULL, NULL, '2026-11-29 12:01:40.022121+09', NULL, 0, 'US', '\x95a0bf79f14647d89493f439c7bad4b96996bfe594f86b38ca273dec0f789c87', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.users VALUES (8, 'support', 'Noor Haddad', 'support', NULL, '\x74657374005699aef9e721fc25fd42f248d939050c29009532140c5145f5aa885bcc85a679260ccaccc2ebd9327112ffe0ba2173eed6da35fc2ff0c2c6b13cb409d82dad99d10e8e9f336edbfcd1dc042eb65760d168ced5f836fdea7a0bafa96a095988f20d2dc5ce2abc5007d6d999d31871046f50c147c98164ddb2a7293290ec', '\x746573740021bdceffc33aa95f51c54b127039c9236d4f51b372ed0eb897056ee16e42339cb93e7a5603a9f15473b232e36b456fcb', NULL, 'on', '2026-11-29 12:01:40.022121+09', 0, 0, 0, 0, NULL, NULL, '2026-11-29 12:01:40.022121+09', NULL, 0, 'US', '\xdb73f1bf70329b6c900ab2a4f6b7eadd1c34860cfc0dc95d9db2d1d9642ac65e', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.users VALUES (1, 'maria', 'Maria Reyes', 'patient', NULL, '\x7465737400bbd510e1c79f6406dc26e7a54cffd739825f46b058df9cbb690ff2530f60f7e8995d176f609e40bd40f9f4714a25db9ec0653bea8203a23631bc2958e58d5d10352dd1e41985a11a11bfc2b2838048c69bc2982cb4e6cb353768ebcd3562f5994b00740190a8917c9d28f930e8659dffa382c546a32a74aebf04ff6726', '\x7465737400289c1489fe5cbd0ebcf5016be8f5eb732375e62a6372626eeee0ac61bbe52c774a85f8344223ef242cf68c6bb29b', '\x7465737400c53e1c0c3c77675d018157cc15713d5adc89d23b8fab2aa9ee48b33905c401d5b1fad3b3e2e17527', 'on', '2026-11-29 12:01:45.235523+09', 0, 0, 0, 0, NULL, '2026-11-29 12:01:43.243959+09', '2026-11-29 12:01:40.022121+09', NULL, 1, 'US', '\x8019032e170ca760bb417cdac2d1fc551c65babc71ef670902a055df159ed894', NULL, NULL, NULL, NULL, NULL);
SELECT pg_catalog.setval('public.appointments_id_seq', 6, true);
SELECT pg_catalog.setval('public.chart_notes_id_seq', 4, true);
SELECT pg_catalog.setval('public.charts_id_seq', 9, true);
SELECT pg_catalog.setval('public.events_id_seq', 9, true);
SELECT pg_catalog.setval('public.letters_id_seq', 6, true);
SELECT pg_catalog.setval('public.links_id_seq', 1, false);
SELECT pg_catalog.setval('public.practices_id_seq', 2, true);
SELECT pg_catalog.setval('public.results_id_seq', 9, true);
SELECT pg_catalog.setval('public.sessions_id_seq', 1, true);
SELECT pg_catalog.setval('public.trusted_browsers_id_seq', 1, false);
SELECT pg_catalog.setval('public.users_id_seq', 8, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.appointments
    ADD CONSTRAINT pk_appointments PRIMARY KEY (id);
ALTER TABLE ONLY public.authenticators
    ADD CONSTRAINT pk_authenticators PRIMARY KEY (id);
ALTER TABLE ONLY public.backup_code_sets
    ADD CONSTRAINT pk_backup_code_sets PRIMARY KEY (id);
ALTER TABLE ONLY public.backup_codes
    ADD CONSTRAINT pk_backup_codes PRIMARY KEY (set_id, number);
ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT pk_bindings PRIMARY KEY (id);
ALTER TABLE ONLY public.chart_notes
    ADD CONSTRAINT pk_chart_notes PRIMARY KEY (id);
ALTER TABLE ONLY public.charts
    ADD CONSTRAINT pk_charts PRIMARY KEY (id);
ALTER TABLE ONLY public.emergency_grants
    ADD CONSTRAINT pk_emergency_grants PRIMARY KEY (id);
ALTER TABLE ONLY public.emergency_views
    ADD CONSTRAINT pk_emergency_views PRIMARY KEY (grant_id, chart_id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT pk_events PRIMARY KEY (id);
ALTER TABLE ONLY public.letters
    ADD CONSTRAINT pk_letters PRIMARY KEY (id);
ALTER TABLE ONLY public.links
    ADD CONSTRAINT pk_links PRIMARY KEY (id);
ALTER TABLE ONLY public.notice_addresses
    ADD CONSTRAINT pk_notice_addresses PRIMARY KEY (id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT pk_outbox PRIMARY KEY (id);
ALTER TABLE ONLY public.practices
    ADD CONSTRAINT pk_practices PRIMARY KEY (id);
ALTER TABLE ONLY public.reset_requests
    ADD CONSTRAINT pk_reset_requests PRIMARY KEY (id);
ALTER TABLE ONLY public.results
    ADD CONSTRAINT pk_results PRIMARY KEY (id);
ALTER TABLE ONLY public.sent_codes
    ADD CONSTRAINT pk_sent_codes PRIMARY KEY (id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT pk_sessions PRIMARY KEY (id);
ALTER TABLE ONLY public.spent_steps
    ADD CONSTRAINT pk_spent_steps PRIMARY KEY (authenticator_id, step);
ALTER TABLE ONLY public.trusted_browsers
    ADD CONSTRAINT pk_trusted_browsers PRIMARY KEY (id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT pk_users PRIMARY KEY (id);
ALTER TABLE ONLY public.backup_code_sets
    ADD CONSTRAINT uq_backup_code_sets_user_id UNIQUE (user_id, number);
ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT uq_bindings_user_id UNIQUE (user_id);
ALTER TABLE ONLY public.links
    ADD CONSTRAINT uq_links_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY public.practices
    ADD CONSTRAINT uq_practices_name UNIQUE (name);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT uq_sessions_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY public.trusted_browsers
    ADD CONSTRAINT uq_trusted_browsers_token_hash UNIQUE (token_hash);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT uq_users_username UNIQUE (username);
CREATE INDEX ix_appointments_patient_id ON public.appointments USING btree (patient_id);
CREATE INDEX ix_authenticators_target_hash ON public.authenticators USING btree (target_hash);
CREATE INDEX ix_authenticators_user_id ON public.authenticators USING btree (user_id);
CREATE INDEX ix_backup_code_sets_readable_until ON public.backup_code_sets USING btree (readable_until);
CREATE INDEX ix_chart_notes_chart_id_written_at ON public.chart_notes USING btree (chart_id, written_at);
CREATE INDEX ix_charts_practice_id_patient_name ON public.charts USING btree (practice_id, patient_name);
CREATE INDEX ix_emergency_grants_practice_id_asked_at ON public.emergency_grants USING btree (practice_id, asked_at);
CREATE INDEX ix_emergency_grants_provider_id_asked_at ON public.emergency_grants USING btree (provider_id, asked_at);
CREATE INDEX ix_events_subject_id_at ON public.events USING btree (subject_id, at);
CREATE INDEX ix_letters_patient_id ON public.letters USING btree (patient_id);
CREATE INDEX ix_links_user_id ON public.links USING btree (user_id);
CREATE INDEX ix_notice_addresses_user_id ON public.notice_addresses USING btree (user_id);
CREATE INDEX ix_outbox_created_at ON public.outbox USING btree (created_at);
CREATE INDEX ix_outbox_state_lease_until ON public.outbox USING btree (state, lease_until);
CREATE INDEX ix_reset_requests_practice_id_status ON public.reset_requests USING btree (practice_id, status);
CREATE INDEX ix_reset_requests_subject_id_asked_at ON public.reset_requests USING btree (subject_id, asked_at);
CREATE INDEX ix_results_patient_id ON public.results USING btree (patient_id);
CREATE INDEX ix_sent_codes_attempt ON public.sent_codes USING btree (attempt);
CREATE INDEX ix_sent_codes_ip_created_at ON public.sent_codes USING btree (ip, created_at);
CREATE INDEX ix_sent_codes_to_hash_created_at ON public.sent_codes USING btree (to_hash, created_at);
CREATE INDEX ix_sent_codes_user_id_created_at ON public.sent_codes USING btree (user_id, created_at);
CREATE INDEX ix_sessions_user_id_browser ON public.sessions USING btree (user_id, browser_hash);
CREATE INDEX ix_trusted_browsers_user_id ON public.trusted_browsers USING btree (user_id);
CREATE INDEX ix_users_email_hash ON public.users USING btree (email_hash);
CREATE INDEX ix_users_practice_id_full_name ON public.users USING btree (practice_id, full_name);
CREATE INDEX ix_users_practice_id_state ON public.users USING btree (practice_id, disabled_at, two_factor, role);
ALTER TABLE ONLY public.appointments
    ADD CONSTRAINT fk_appointments_patient_id_users FOREIGN KEY (patient_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.authenticators
    ADD CONSTRAINT fk_authenticators_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.backup_code_sets
    ADD CONSTRAINT fk_backup_code_sets_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.backup_codes
    ADD CONSTRAINT fk_backup_codes_set_id_backup_code_sets FOREIGN KEY (set_id) REFERENCES public.backup_code_sets(id);
ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT fk_bindings_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.chart_notes
    ADD CONSTRAINT fk_chart_notes_author_id_users FOREIGN KEY (author_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.chart_notes
    ADD CONSTRAINT fk_chart_notes_chart_id_charts FOREIGN KEY (chart_id) REFERENCES public.charts(id);
ALTER TABLE ONLY public.charts
    ADD CONSTRAINT fk_charts_practice_id_practices FOREIGN KEY (practice_id) REFERENCES public.practices(id);
ALTER TABLE ONLY public.emergency_grants
    ADD CONSTRAINT fk_emergency_grants_decided_by_id_users FOREIGN KEY (decided_by_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.emergency_grants
    ADD CONSTRAINT fk_emergency_grants_practice_id_practices FOREIGN KEY (practice_id) REFERENCES public.practices(id);
ALTER TABLE ONLY public.emergency_grants
    ADD CONSTRAINT fk_emergency_grants_provider_id_users FOREIGN KEY (provider_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.emergency_grants
    ADD CONSTRAINT fk_emergency_grants_reviewed_by_id_users FOREIGN KEY (reviewed_by_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.emergency_views
    ADD CONSTRAINT fk_emergency_views_chart_id_charts FOREIGN KEY (chart_id) REFERENCES public.charts(id);
ALTER TABLE ONLY public.emergency_views
    ADD CONSTRAINT fk_emergency_views_grant_id_emergency_grants FOREIGN KEY (grant_id) REFERENCES public.emergency_grants(id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT fk_events_actor_id_users FOREIGN KEY (actor_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT fk_events_subject_id_users FOREIGN KEY (subject_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.letters
    ADD CONSTRAINT fk_letters_patient_id_users FOREIGN KEY (patient_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.links
    ADD CONSTRAINT fk_links_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.notice_addresses
    ADD CONSTRAINT fk_notice_addresses_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT fk_outbox_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.reset_requests
    ADD CONSTRAINT fk_reset_requests_asked_by_id_users FOREIGN KEY (asked_by_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.reset_requests
    ADD CONSTRAINT fk_reset_requests_decided_by_id_users FOREIGN KEY (decided_by_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.reset_requests
    ADD CONSTRAINT fk_reset_requests_practice_id_practices FOREIGN KEY (practice_id) REFERENCES public.practices(id);
ALTER TABLE ONLY public.reset_requests
    ADD CONSTRAINT fk_reset_requests_subject_id_users FOREIGN KEY (subject_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.results
    ADD CONSTRAINT fk_results_patient_id_users FOREIGN KEY (patient_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.sent_codes
    ADD CONSTRAINT fk_sent_codes_outbox_id_outbox FOREIGN KEY (outbox_id) REFERENCES public.outbox(id);
ALTER TABLE ONLY public.sent_codes
    ADD CONSTRAINT fk_sent_codes_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT fk_sessions_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.trusted_browsers
    ADD CONSTRAINT fk_trusted_browsers_user_id_users FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT fk_users_practice_id_practices FOREIGN KEY (practice_id) REFERENCES public.practices(id);
