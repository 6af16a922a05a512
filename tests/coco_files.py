"""A small COCO file, made by hand."""


def make_coco():
    """Four images: a dog and a crowd of people, a cup, nothing, two dogs."""
    names = {1: 'person', 18: 'dog', 47: 'cup'}
    objects = [(4, 18, 0), (1, 1, 1), (1, 18, 0), (2, 47, 0), (4, 18, 0)]
    return dict(
        info=dict(year=2017),
        images=[dict(id=i, file_name=f'{i}.jpg') for i in (4, 2, 3, 1)],
        annotations=[
            dict(id=10 + i, image_id=image, category_id=cat, iscrowd=crowd)
            for i, (image, cat, crowd) in enumerate(objects)
        ],
        categories=[dict(id=i, name=name) for i, name in names.items()],
    )
