using ExpEther.Linux.Files;

namespace ExpEther.Daemon.Config;

/// <summary>Where blocks are kept.</summary>
/// <param name="File">Full path of a file or block device; empty for RAM.</param>
/// <param name="RamBytes">Blocks in memory; 0 for a file.</param>
/// <param name="BlockBytes">512 or 4096. Unless it is given a block device's own sector, and 512 elsewhere.</param>
public record BackingConfig(string File, long RamBytes, int BlockBytes)
{
    /// <summary>For people, without the block size.</summary>
    public string Place => File.Length > 0 ? File : $"{RamBytes >> 20} MiB of memory";

    internal static BackingConfig Read(ConfigSection section)
    {
        var file = section.Text("file");
        var ram = section.Number("ramMiB", 1, ConfigLimits.RamMebibytesMax, 0, "MiB", hasDefault: false);
        var path = file is null ? "" : Path.GetFullPath(file, section.Document.Folder);
        var look = file is null ? default : BlockFile.Look(path);
        var block = section.Number("blockBytes", 512, 4096, look.SectorBytes == 4096 ? 4096 : 512, "bytes");
        if (block is not (512 or 4096))
        {
            section.Wrong("blockBytes", $"{block} is not a block size", "write 512 or 4096");
            block = 512;
        }

        if (section.Has("file") == section.Has("ramMiB"))
        {
            if (file is not null)
            {
                section.Wrong("ramMiB", "and file are both given", "keep one of them: blocks are either in a file or in memory");
            }
            else
            {
                section.Missing("file", "add file = \"PATH\" (a file or block device), or ramMiB = N");
            }
        }
        else if (file is not null)
        {
            CheckFile(section, path, block, look);
        }

        return new BackingConfig(path, (long)ram << 20, block);
    }

    // What can be said without opening for writing; the rest is said when the file is opened.
    private static void CheckFile(ConfigSection section, string path, int block, FileLook look)
    {
        switch (look.Kind)
        {
            case FileKind.Directory:
                section.Wrong("file", $"{path} is a directory", "name a file or a block device");
                break;
            case FileKind.None:
                section.Wrong("file", $"{path} does not exist", $"make it, for example: truncate -s 1G {path}");
                break;
            case FileKind.Other:
                section.Wrong("file", $"{path} is neither a file nor a block device", "name one of these");
                break;
            case FileKind.BlockDevice when look.SectorBytes > block:
                section.Wrong(
                    "blockBytes", $"{path} has sectors of {look.SectorBytes} bytes, and blocks of {block} bytes cannot be kept there",
                    look.SectorBytes == 4096 ? "write 4096, or leave blockBytes out" : "use a device of 512- or 4096-byte sectors");
                break;
            case FileKind.File when look.LengthBytes == 0 || look.LengthBytes % block != 0:
                section.Wrong(
                    "file", $"{path} has {look.LengthBytes} bytes, not a multiple of the block size {block}",
                    look.LengthBytes == 0 ? $"give it a size: truncate -s 1G {path}" : $"enlarge it: truncate -s %{block} {path}");
                break;
        }
    }
}
