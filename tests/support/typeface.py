"""Makes atkinson-letters.woff2 of two typefaces (portal/static/fonts/README.md): python tests/support/typeface.py NEXT MONO OUT.

By hand, with fontTools and brotli, which nothing else here needs.
"""

import sys

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables import otTables
from fontTools.ttLib.woff2 import WOFF2FlavorData

ASCII = "".join(map(chr, range(0x20, 0x7F)))
LETTERS = ASCII + "\xa0¡\xad¿ÁÄÇÉÍÑÓÖÚÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüœ–—‘’‚“”„•…"
KEYS = "".join(letter for letter in ASCII if letter not in '"$*<>[\\]^`{|}') + "•"
NO_VARIATION = 0xFFFFFFFF


def cut(path, letters):
    """Returns a typeface with no more than these characters."""
    options = subset.Options(layout_features=["*"], notdef_outline=True, glyph_names=True, name_IDs=[1, 2])
    options.drop_tables.append("STAT")
    font, cutter = TTFont(path), subset.Subsetter(options)
    cutter.populate(text=letters)
    cutter.subset(font)
    font.ensureDecompiled()
    return font


def add_glyphs(font, mono):
    """Adds Mono's glyphs, which look the same in every weight."""
    names = mono.getGlyphOrder()[1:]
    for name in names:
        glyph, new = mono["glyf"][name], f"mono.{name}"
        for part in getattr(glyph, "components", []):
            part.glyphName = f"mono.{part.glyphName}"
        font["glyf"].glyphs[new], font["hmtx"][new], font["gvar"].variations[new] = glyph, mono["hmtx"][name], []
        font["HVAR"].table.AdvWidthMap.mapping[new] = NO_VARIATION
    order = font.getGlyphOrder() + [f"mono.{name}" for name in names]
    font.setGlyphOrder(order)
    font["glyf"].glyphOrder, font["maxp"].numGlyphs = order, len(order)


def add_feature(font, mono):
    """Adds the feature MONO, which draws each character of Mono by its glyph there."""
    ours, theirs = font.getBestCmap(), mono.getBestCmap()
    change, lookup, feature = otTables.SingleSubst(), otTables.Lookup(), otTables.FeatureRecord()
    change.mapping = {ours[code]: f"mono.{name}" for code, name in theirs.items()} | {ours[0xA0]: f"mono.{theirs[0x20]}"}
    lookup.LookupType, lookup.LookupFlag, lookup.SubTable = 1, 0, [change]
    table = font["GSUB"].table
    feature.FeatureTag, feature.Feature = "MONO", otTables.Feature()
    feature.Feature.FeatureParams, feature.Feature.LookupListIndex = None, [len(table.LookupList.Lookup)]
    table.LookupList.Lookup.append(lookup)
    table.FeatureList.FeatureRecord.insert(0, feature)  # they go by their tags
    for record in table.ScriptList.ScriptRecord:
        if record.Script.DefaultLangSys is None:
            record.Script.DefaultLangSys = otTables.DefaultLangSys()
            record.Script.DefaultLangSys.ReqFeatureIndex, record.Script.DefaultLangSys.FeatureIndex = 0xFFFF, []
            record.Script.DefaultLangSys.LookupOrder = None
        for system in (record.Script.DefaultLangSys, *(each.LangSys for each in record.Script.LangSysRecord)):
            system.FeatureIndex = [0, *(index + 1 for index in system.FeatureIndex)]


font, mono = cut(sys.argv[1], LETTERS), cut(sys.argv[2], KEYS)
add_glyphs(font, mono)
add_feature(font, mono)
font.flavor, font.flavorData = "woff2", WOFF2FlavorData(transformedTables=("glyf", "loca", "hmtx"))
font.save(sys.argv[3], reorderTables=None)
