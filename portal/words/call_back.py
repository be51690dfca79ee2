"""Words that two people read to each other on the phone, so that each knows who the other is. Pure; they are not translated.

Nouns of two syllables or more that sound unlike one another; none is about health, money, or people.
"""

LIST = """
acorn almond anchor apple apron arrow autumn bagel balcony balloon bamboo banana barrel basket beaver blanket blossom bottle
bracelet bramble bucket butter cabin cactus camel candle canyon carpet carrot castle cedar cherry chimney cinnamon circle
cocoa coconut coffee copper cotton cricket crystal curtain cushion daisy desert dolphin donkey dragon eagle elbow elephant
falcon feather ferry fiddle forest fountain galaxy garden garlic ginger giraffe glacier guitar hammer hammock harbor harvest
hazel helmet honey iceberg island ivory jacket jasmine jelly jungle juniper kettle kitchen ladder lantern lemon library
lighthouse lizard magnet mango maple marble meadow melon mirror mitten monkey mountain mustard napkin nectar nutmeg ocean
olive onion orchard orbit otter oven oyster panda papaya paper peacock pebble pelican pencil pepper piano picnic pillow
pineapple planet pocket pony popcorn potato puddle pumpkin puzzle rabbit radish raisin raven ribbon river robin rocket
saddle salad sandal scooter shadow shovel spider spinach squirrel station summer sunset swallow table teapot thimble thunder
tiger timber tomato tractor treasure trumpet tulip tunnel turtle umbrella valley velvet village violet volcano waffle wagon
walnut walrus water weather whistle window winter yogurt zebra zipper
"""
WORDS = tuple(LIST.split())
