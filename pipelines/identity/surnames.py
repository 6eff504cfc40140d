"""Chinese surnames: which exist, which are two characters, which are read unlike the character alone. Data only."""

from __future__ import annotations

# the Hundred Family Surnames and those that are frequent today and not among them, simplified
SINGLE = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳酆鲍史唐"
    "费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁"
    "杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚"
    "程嵇邢滑裴陆荣翁荀羊惠甄曲家封芮羿储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶"
    "幸司韶郜黎蓟薄印宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍却璩桑桂濮牛寿通边扈燕冀郏浦尚农温别"
    "庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶曾毋"
    "沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公仉督岳帅缑亢况有琴归海晋楚闫法汝鄢涂钦商牟佘佴伯赏墨哈谯笪年爱阳佟言福肖区付覃冼邸谌"
    "代邝仝庹苟官卿揭植丛尉藏种员朴折辜原粟青宛麦戢占招衣呙郇召恽母门刀修木但敬续迟智隋初由战字达苑"
)

_DOUBLE = (
    "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 长孙 宇文 司徒 司空 夏侯 轩辕 钟离 闾丘 澹台 公冶 宗政 濮阳 "
    "淳于 单于 太叔 申屠 仲孙 赫连 鲜于 万俟 闻人 呼延 端木 独孤 南宫 拓跋 百里 东郭 南门 西门 左丘 梁丘 公羊 公良 "
    "漆雕 乐正 宰父 谷梁 亓官 司寇 巫马 颛孙 第五 羊舌 微生 东门 子车 段干 即墨 哥舒 纳兰 完颜 叶赫 耶律 "
)
DOUBLE = frozenset(_DOUBLE.split())

# so frequent that 小王 or 老李 is taken for a surname; 小白, 小马 and 小龙 are as often pet names
ADDRESSED = frozenset(
    "王李张刘陈杨赵周吴徐孙朱胡郭何罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘袁董余苏吕魏蒋杜丁沈姜范卢汪崔邹薛孟秦侯邵郝钱谭贾赖尹"
)

# without tones, only those that differ from the first reading in the table of characters
READINGS = {
    "乐": "yue",
    "乜": "nie",
    "仇": "qiu",
    "佴": "nai",
    "区": "ou",
    "单": "shan",
    "卜": "bu",
    "召": "shao",
    "员": "yun",
    "折": "she",
    "曾": "zeng",
    "朴": "piao",
    "查": "zha",
    "种": "chong",
    "盖": "ge",
    "缪": "miao",
    "翟": "zhai",
    "能": "nai",
    "蔚": "yu",
    "薄": "bo",
    "藏": "zang",
    "覃": "qin",
    "解": "xie",
    "郇": "xun",
    "都": "du",
    "阚": "kan",
    "万俟": "moqi",
    "乐正": "yuezheng",
    "单于": "chanyu",
    "尉迟": "yuchi",
    "澹台": "tantai",
}
