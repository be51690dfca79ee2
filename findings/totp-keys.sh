#!/bin/sh
# Authenticator libraries beside oathtool: keys as sites really show them, in groups, short, or of any number of letters.
#
# Expected (guess before the run): a key in groups of four is read like the same key in one piece, or refused; a short key (80 bits, the
# most common one for years) still works; one of 52 random letters, as pyotp.random_base32(52) makes them, gives one code everywhere.
# Seen, speakeasy 2.0.0, otplib 13.5.0, otpauth 9.5.2, totp-generator 2.0.1, pyotp 2.12.1, oathtool 2.6.7, 2026-11-30: speakeasy answers a
# wrong code, without a word, to the key in groups and to that of 52 letters (whose last letter has a bit that belongs to no byte; otplib
# refuses such a key); otplib, totp-generator, and pyotp refuse groups, otplib and pyotp the short key. Only otpauth agrees with oathtool
# about all of them. So whoever says that an app's code is always wrong may have typed the key as it stood.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq -o APT::Sandbox::User=root oathtool liboath0 libxmlsec1 libxmlsec1-openssl libxml2 >/dev/null
for package in *.deb; do dpkg-deb -x "$package" .; done
LD_LIBRARY_PATH=$(echo usr/lib/*-linux-gnu)
export LD_LIBRARY_PATH
usr/bin/oathtool --version | head -1
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check pyotp==2.12.1 2>/dev/null
npm install --silent --no-audit --no-fund speakeasy@2.0.0 otplib@13.5.0 otpauth@9.5.2 totp-generator@2.0.1 >/dev/null
cat >codes.mjs <<'END'
import { execFileSync } from "node:child_process";
import { TOTP } from "otpauth";
import { generate } from "otplib";
import speakeasy from "speakeasy";
import { TOTP as Generator } from "totp-generator";

const time = 1800000000;
const keys = {
  "160 bits": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
  "52 letters": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZH",
  "160 bits, in groups": "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ",
  "80 bits": "GEZDGNBVGY3TQOJQ",
};
const run = (...command) => execFileSync(command[0], command.slice(1), { stdio: "pipe" }).toString().trim();
const libraries = {
  oathtool: (key) => run("usr/bin/oathtool", "--totp", "-b", "-N", `@${time}`, key),
  pyotp: (key) => run("venv/bin/python", "-c", `import pyotp; print(pyotp.TOTP("${key}").at(${time}))`),
  otpauth: (key) => new TOTP({ secret: key }).generate({ timestamp: time * 1000 }),
  speakeasy: (key) => speakeasy.totp({ secret: key, encoding: "base32", time }),
  otplib: (key) => generate({ secret: key, epoch: time }),
  "totp-generator": async (key) => (await Generator.generate(key, { timestamp: time * 1000 })).otp,
};
const seen = [];
for (const [kind, key] of Object.entries(keys)) {
  const right = libraries.oathtool(key);
  for (const [name, code] of Object.entries(libraries)) {
    let said;
    try {
      said = (await code(key)) === right ? "right" : "WRONG CODE";
    } catch {
      said = "refused";
    }
    console.log(`${kind}: ${name}: ${said}`);
    if (said !== "right") seen.push(`${kind}, ${name}, ${said}`);
  }
}
const expected = [
  "52 letters, speakeasy, WRONG CODE",
  "52 letters, otplib, refused",
  "160 bits, in groups, pyotp, refused",
  "160 bits, in groups, speakeasy, WRONG CODE",
  "160 bits, in groups, otplib, refused",
  "160 bits, in groups, totp-generator, refused",
  "80 bits, pyotp, refused",
  "80 bits, otplib, refused",
];
process.exit(JSON.stringify(seen) === JSON.stringify(expected) ? 0 : 1);
END
node codes.mjs
