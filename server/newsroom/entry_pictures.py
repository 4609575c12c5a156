"""The pictures that an entry shows: whoever writes it has to be allowed to see them, and their sizes are those
of the uploads, whatever was sent."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain import blocks
from server.domain.entry import Content
from server.domain.errors import Invalid, NotFound
from server.domain.media import Media
from server.domain.permissions import Caller
from server.store import media


async def sized(connection: AsyncConnection, made: Content, caller: Caller) -> Content:
    """The content with the sizes of its pictures. Raises Invalid for one that is not there."""
    found = [await of_block(connection, f"blocks.{n}", block, caller) for n, block in enumerate(made.blocks)]
    return replace(made, blocks=tuple(found))


async def of_block(
    connection: AsyncConnection, path: str, block: blocks.Block, caller: Caller
) -> blocks.Block:
    """The block with the sizes of its pictures. Raises Invalid, naming a field below `path`."""
    if isinstance(block, blocks.Image):
        return await _sized(connection, path, block, caller)
    if isinstance(block, blocks.Gallery):
        return blocks.Gallery(tuple([
            await _sized(connection, f"{path}.images.{n}", image, caller)
            for n, image in enumerate(block.images)
        ]))
    if isinstance(block, blocks.Video):
        if not block.poster:
            return replace(block, poster_width=0, poster_height=0, poster_widths=())
        item = await _picture(connection, f"{path}.poster", block.poster, caller)
        return replace(
            block, poster_width=item.width, poster_height=item.height, poster_widths=item.widths
        )
    if isinstance(block, blocks.Embed) and block.thumbnail:
        item = await _picture(connection, f"{path}.thumbnail", block.thumbnail, caller)
        return replace(block, width=item.width, height=item.height)
    return block


async def _sized(
    connection: AsyncConnection, path: str, image: blocks.Image, caller: Caller
) -> blocks.Image:
    item = await _picture(connection, f"{path}.media_id", image.media_id, caller)
    return replace(image, width=item.width, height=item.height, widths=item.widths, mime=item.mime)


async def _picture(connection: AsyncConnection, name: str, media_id: str, caller: Caller) -> Media:
    """Whoever may not see a picture may not publish it either."""
    try:
        return await media.get_for(connection, caller, media_id, hold=True)
    except NotFound as error:
        raise Invalid.field(name, "picture not found; upload it first") from error
