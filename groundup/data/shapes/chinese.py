"""What is said and asked about a scene, in Chinese."""

from collections.abc import Sequence

from groundup.data.shapes.references import Reference
from groundup.data.shapes.scene import Thing

SHAPES = ("圆形", "正方形", "三角形", "菱形", "十字形", "五角星", "心形", "月牙形")
COLOURS = ("红色", "橙色", "黄色", "绿色", "青色", "蓝色", "紫色", "粉色")
SIZES = ("小", "中等大小", "大")
FILLINGS = ("实心", "条纹")
NUMBERS = ("零", "一", "两", "三", "四", "五", "六", "七", "八")  # before the measure word 个, two is 两
YES, NO = "是", "否"
PLACES = ("左上方", "上方", "右上方", "左侧", "正中间", "右侧", "左下方", "下方", "右下方")
SIDES = {"left": "左边", "right": "右边", "above": "上方", "below": "下方"}
EXTREMES = {"left": "最左边", "right": "最右边", "above": "最上方", "below": "最下方"}
GROUNDS = ("纯色背景", "方格背景", "条纹背景", "砖墙背景")
ANSWERS = (YES, NO, *(f"{number}个" for number in NUMBERS), *COLOURS, *SHAPES)


Said = Sequence[str]  # the attributes that are put into words


def noun(thing: Thing, said: Said) -> str:
    colour = COLOURS[thing.colour] if "colour" in said else ""
    filling = FILLINGS[thing.filling] if "filling" in said else ""
    size = SIZES[thing.size] if "size" in said else ""
    of = "的" if size and (len(size) > 1 or colour or filling) else ""  # 大圆形, but 大的红色圆形
    return size + of + colour + filling + (SHAPES[thing.shape] if "shape" in said else "图形")


def a(thing: Thing, said: Said) -> str:
    return "一个" + noun(thing, said)


def the(things: Sequence[Thing], reference: Reference) -> str:
    words = noun(things[reference.thing], reference.said)
    if reference.anchor:
        return f"{the(things, reference.anchor)}{SIDES[reference.relation]}的{words}"
    return f"{EXTREMES[reference.relation]}的{words}" if reference.relation else words


def group(attribute: str, value: int) -> str:
    return f"{COLOURS[value]}图形" if attribute == "colour" else SHAPES[value]


def say_all(things: Sequence[Thing], said: Sequence[Said]) -> str:
    return f"图中有{NUMBERS[len(things)]}个图形：" + "、".join(a(thing, words) for thing, words in zip(things, said)) + "。"


def say_place(thing: Thing, said: Said, place: int) -> str:
    return f"{PLACES[place]}有{a(thing, said)}。"


def say_relation(one: Thing, other: Thing, said: Sequence[Said], relation: str) -> str:
    return f"{a(one, said[0])}在{a(other, said[1])}的{SIDES[relation]}。"


def say_number(attribute: str, value: int, number: int) -> str:
    return f"图中{'只' if number == 1 else ''}有{NUMBERS[number]}个{group(attribute, value)}。"


def say_picture(things: Sequence[Thing], said: Sequence[Said], places: Sequence[int], ground: int) -> str:
    parts = [f"{PLACES[place]}有{a(thing, words)}" for thing, words, place in zip(things, said, places)]
    return f"{GROUNDS[ground]}上，{'，'.join(parts)}。"


def ask_whether(thing: Thing) -> str:
    return f"图中是否有{noun(thing, ('colour', 'shape'))}？"


def ask_number(attribute: str, value: int) -> str:
    return f"图中有几个{group(attribute, value)}？"


def ask_colour(things: Sequence[Thing], reference: Reference) -> str:
    return f"{the(things, reference)}是什么颜色？"


def ask_shape(things: Sequence[Thing], reference: Reference) -> str:
    return f"{the(things, reference)}是什么形状？"


def ask_side(things: Sequence[Thing], one: Reference, other: Reference, relation: str) -> str:
    return f"{the(things, one)}是否在{the(things, other)}的{SIDES[relation]}？"


def ask_larger(things: Sequence[Thing], one: Reference, other: Reference) -> str:
    return f"{the(things, one)}是否比{the(things, other)}大？"


def ask_more(attribute: str, one: int, other: int) -> str:
    return f"{group(attribute, one)}是否比{group(attribute, other)}多？"
