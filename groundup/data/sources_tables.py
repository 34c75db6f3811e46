"""Where tables can be had. The sha256 are of the files that groundup's tests read; their sha1 are those of d2l-ai/d2l-en."""

from groundup.data.sources import ALL, File, Source, d2l, github

D2L_ZH = "13177e16f335fef0b47317f98e2705c2f69a3440"  # the commit with the files


def d2l_file(name: str, digest: str, size: int) -> tuple[File, ...]:
    return (File(name, f"sha256:{digest}", size, (d2l(name), *github("d2l-ai/d2l-zh", D2L_ZH, f"data/{name}"))),)


TABLES = {
    "house_prices": Source(  # Kaggle itself gives the files to people with an account only
        "house_prices",
        "not stated",
        "https://www.kaggle.com/c/house-prices-advanced-regression-techniques",
        needs={
            "train": ("kaggle_house_pred_train.csv|train.csv",),
            "test": ("kaggle_house_pred_test.csv|test.csv",),
        },
        files={
            "train": d2l_file(
                "kaggle_house_pred_train.csv", "1e18addf81e5e4d347cc17ee6075bbe4a42b7fa26b9e5b063e8f692a5f929d41", 460676
            ),
            "test": d2l_file(
                "kaggle_house_pred_test.csv", "8fdd3d829d4d986b58f845c9553b225e67dd8383624d90fb6ca1d4bed5798c1e", 451405
            ),
        },
    ),
    "airfoil": Source(
        "airfoil",
        "CC BY 4.0",
        "https://archive.ics.uci.edu/dataset/291/airfoil+self+noise",
        needs={ALL: ("airfoil_self_noise.dat",)},
        files={
            ALL: d2l_file("airfoil_self_noise.dat", "74c75fd71783f1e6b71f8a622b993dc592897a97cd689c5090a07147a1b097b3", 59984)
        },
        split="train",
    ),
}
